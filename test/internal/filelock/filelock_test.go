package filelock_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/runai-mpi/runai-mpi/test/internal/filelock"
)

// A second caller waits, and logs that once.
func TestTake(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	release, err := filelock.Take(t.Context(), path, "nobody", os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	impatient, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err = filelock.Take(impatient, path, "the first one", &log)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(log.String(), "waiting for the first one\n") {
		t.Errorf("got %v, logged %q", err, log.String())
	}
	release()
	again, err := filelock.Take(t.Context(), path, "nobody", os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	again()
}
