package main

import (
	"bytes"
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

// guessedName is what a dry run says of a job that has no name.
const guessedName = "the name job-0 is a guess: this dry run asks no cluster\n"

// A case has the arguments of submit-mpi --dry-run=client, one to a line, and what it prints without a
// kubeconfig. The note on a guessed name is dropped from stderr: most cases would have nothing else there.
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
				t.Errorf("the name is a guess: %v, stderr: %s", isGuess, stderr)
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
