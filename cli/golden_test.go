package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/runai-mpi/runai-mpi/test/golden"
)

// runai runs the program as a shell does, but for the process.
func runai(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, strings.NewReader("from stdin\n"), &out, &errs)
	return out.String(), errs.String(), code
}

// A golden is a folder of testdata: args, one to a line, and what submit-mpi --dry-run=client prints
// for them on its outputs. No kubeconfig is there to be found.
func TestGoldens(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	dirs, err := filepath.Glob("testdata/*")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no goldens: %v", err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			args := strings.Split(strings.TrimSuffix(readFile(t, filepath.Join(dir, "args")), "\n"), "\n")
			stdout, stderr, code := runai(t, append([]string{"submit-mpi", "--dry-run=client"}, args...)...)
			if code != 0 {
				t.Fatalf("exit code %d: %s", code, stderr)
			}
			golden.Compare(t, filepath.Join(dir, "want.yaml"), stdout)
			golden.Compare(t, filepath.Join(dir, "stderr.txt"), stderr)
		})
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(data)
}
