package lab

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/runai-mpi/runai-mpi/test/internal/filelock"
)

// A Turn is the right to run the only lab on this machine.
type Turn struct{ release func() }

// Take waits until no other lab runs, and removes what a killed one left.
func Take(ctx context.Context) (*Turn, error) { return take(ctx, os.Stderr) }

func take(ctx context.Context, log io.Writer) (*Turn, error) {
	if err := Supported(); err != nil {
		return nil, err
	}
	dir, err := cacheDir()
	if err != nil {
		return nil, err
	}
	release, err := filelock.Take(ctx, filepath.Join(dir, "lock"), "another lab on this machine", log)
	if err != nil {
		return nil, err
	}
	if err := sweep(ctx); err != nil {
		release()
		return nil, fmt.Errorf("cannot remove what an earlier lab left: %w", err)
	}
	return &Turn{release: release}, nil
}

// Release lets the next lab start.
func (t *Turn) Release() { t.release() }
