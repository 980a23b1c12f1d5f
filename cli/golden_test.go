package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/runai-mpi/runai-mpi/test/golden"
)

// runai runs the program in this process.
func runai(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, strings.NewReader("from stdin\n"), &out, &errs)
	return out.String(), errs.String(), code
}

// guessedName is the note of a dry run on a job without a name.
const guessedName = "using the name job-0: --dry-run=client does not ask the cluster for a free name\n"

// A case has the arguments of submit-mpi --dry-run=client, one in each line, and the output without a
// kubeconfig. The note on the name is removed from stderr, because most cases have it.
func TestGoldens(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	for _, c := range golden.Cases(t, "testdata") {
		t.Run(c.Name, func(t *testing.T) {
			args, _ := c.File("args")
			stdout, stderr, code := runai(t, append([]string{"submit-mpi", "--dry-run=client"}, lines(args)...)...)
			if code != 0 {
				t.Fatalf("exit code %d: %s", code, stderr)
			}
			if isGuess := strings.Contains(stdout, "job-0"); isGuess != strings.Contains(stderr, guessedName) {
				t.Errorf("the name was generated: %v, stderr: %s", isGuess, stderr)
			}
			c.Compare(t, "stdout", stdout)
			c.Compare(t, "stderr", strings.Replace(stderr, guessedName, "", 1))
		})
	}
}

func TestGuessedName(t *testing.T) {
	_, stderr, code := runai(t, "submit-mpi", "--dry-run=client", "-i", "example/train")
	if code != 0 || stderr != guessedName {
		t.Errorf("exit code %d, got %q, want %q", code, stderr, guessedName)
	}
}

func lines(text string) []string { return strings.Split(strings.TrimSuffix(text, "\n"), "\n") }
