package integration

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/creack/pty"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// openTerminal returns both ends of a terminal: the user's and the program's.
func openTerminal(t *testing.T) (user, program *os.File) {
	t.Helper()
	user, program, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		user.Close()
		program.Close()
	})
	return user, program
}

// On a terminal, delete --all asks, and says how many jobs it would delete in which project.
func TestDeleteAsks(t *testing.T) {
	namespace := product.AddProject(t, "asked", v1alpha1.ProjectSpec{})
	submit(t, "a", "-p", "asked")
	submit(t, "b", "-p", "asked")
	const question = "Delete 2 jobs in project asked (a, b)? [y/N] "
	for _, step := range []struct {
		answer, stdout, stderr string
		left                   int
	}{
		{"\n", "", question + "runai: no job was deleted\n", 2},
		{"n\n", "", question + "runai: no job was deleted\n", 2},
		{"yes\n", "Job a deleted successfully.\nJob b deleted successfully.\n", question, 0},
	} {
		user, program := openTerminal(t)
		if _, err := user.WriteString(step.answer); err != nil {
			t.Fatal(err)
		}
		var stdout, stderr strings.Builder
		cmd := exec.Command(product.Programs.Runai, "delete", "--all", "-p", "asked")
		cmd.Env = append(os.Environ(), "KUBECONFIG="+product.Kubeconfig())
		cmd.Stdin, cmd.Stdout, cmd.Stderr = program, &stdout, &stderr
		err := cmd.Run()
		if (err == nil) != (step.left == 0) || stdout.String() != step.stdout || stderr.String() != step.stderr {
			t.Errorf("%q: %v, got %s%s", step.answer, err, stdout.String(), stderr.String())
		}
		if jobs := product.Jobs(t, namespace); len(jobs) != step.left {
			t.Errorf("%q: %d jobs are left, want %d", step.answer, len(jobs), step.left)
		}
	}
}

// On a terminal a status has the colour that people know, unless they want none; columns stay where they are in a pipe.
func TestColours(t *testing.T) {
	namespace := product.AddProject(t, "colours", v1alpha1.ProjectSpec{})
	submit(t, "a", "-p", "colours")
	suite.Eventually(t, "the job has both pods", suite.Soon, func() error { return product.HasPods(t, namespace, 2) })
	piped, _, _ := product.Runai(t, "list", "-p", "colours")
	const yellow, end = "\x1b[33m", "\x1b[0m"
	for variable, isColoured := range map[string]bool{"TERM=xterm": true, "TERM=dumb": false, "NO_COLOR=1": false} {
		user, program := openTerminal(t)
		cmd := exec.Command(product.Programs.Runai, "list", "-p", "colours")
		cmd.Env = append(os.Environ(), "KUBECONFIG="+product.Kubeconfig(), "TERM=xterm", variable)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = program, program, program
		if err := cmd.Run(); err != nil {
			t.Fatal(err)
		}
		shown := make([]byte, 1<<16)
		n, err := user.Read(shown)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(string(shown[:n]), "\r\n", "\n")
		if strings.Contains(text, yellow+"Pending"+end) != isColoured {
			t.Errorf("%s: got %q", variable, text)
		}
		if plain := strings.NewReplacer(yellow, "", end, "").Replace(text); withoutAge(plain) != withoutAge(piped) {
			t.Errorf("%s: got\n%s, in a pipe\n%s", variable, plain, piped)
		}
	}
	if strings.Contains(piped, "\x1b") {
		t.Errorf("in a pipe: %q", piped)
	}
}

var ageOfSeconds = regexp.MustCompile(`\d+s *`)

func withoutAge(table string) string { return ageOfSeconds.ReplaceAllString(table, "") }
