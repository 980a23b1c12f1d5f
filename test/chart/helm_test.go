package chart

import (
	"bytes"
	"os/exec"
	"testing"

	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
	"github.com/runai-mpi/runai-mpi/test/internal/chart"
)

// helm runs the real helm with a command and the chart's folder.
func helm(t *testing.T, args ...string) []byte {
	t.Helper()
	set, err := binaries.Find(binaries.Helm)
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), set[binaries.Helm], args...)
	cmd.Stderr = &stderr
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("helm %v: %v: %s%s", args, err, output, stderr.Bytes())
	}
	return output
}

func directory(t *testing.T) string {
	t.Helper()
	dir, err := chart.Directory()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
