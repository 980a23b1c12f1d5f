package policy

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// scriptRun is what one run of the script did.
type scriptRun struct {
	tries  int
	stderr string
	failed bool
}

// runGitSync runs the script of the init container with a program in place of git-sync. The program has the number of
// its attempt in $try and the script's flags in "$@".
func runGitSync(t *testing.T, seconds, program string, flags ...string) scriptRun {
	t.Helper()
	cmd, dir := gitSyncCommand(t, seconds, program, flags...)
	file, err := os.Create(filepath.Join(dir, "stderr")) // a pipe would be kept open by what the program started
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = file
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	stderr, readErr := os.ReadFile(file.Name())
	if readErr != nil {
		t.Fatal(readErr)
	}
	tries, _ := os.ReadFile(filepath.Join(dir, "tries"))
	return scriptRun{tries: len(tries), stderr: string(stderr), failed: err != nil}
}

func gitSyncCommand(t *testing.T, seconds, program string, flags ...string) (cmd *exec.Cmd, dir string) {
	t.Helper()
	dir = t.TempDir()
	text := "#!/bin/sh\nprintf . >>" + dir + "/tries\ntry=$(wc -c <" + dir + "/tries)\n" + program + "\n"
	if err := os.WriteFile(filepath.Join(dir, "git-sync"), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd = exec.Command("sh", append([]string{"-c", gitSyncScript, gitSyncContainer, seconds}, flags...)...)
	cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "LAST_ERROR="+dir+"/last-error")
	return cmd, dir
}

// says writes the error file as git-sync does.
func says(text string) string {
	return `echo '{"Msg":"too many failures","Err":"Run(git fetch https://git.example.com/not-found): exit status 128: { stderr: \"` + text + `\" }"}' >$LAST_ERROR; exit 1`
}

func TestGitSyncIsTriedAgain(t *testing.T) {
	for _, test := range []struct {
		name, program string
		tries         int // 0: more than two
		failed        bool
	}{
		{"success", "exit 0", 1, false},
		{"one failure", `[ "$try" -gt 1 ] || { ` + says("fatal: the remote end hung up unexpectedly") + "; }", 2, false},
		{"one refusal", `[ "$try" -gt 1 ] || { ` + says("fatal: Authentication failed for https://git.example.com") + "; }", 2, false},
		{"a wrong password", says("fatal: Authentication failed for https://git.example.com"), 2, true},
		{"a wrong key", says("git@git.example.com: Permission denied (publickey)."), 2, true},
		{"an unknown branch", says("fatal: could not find remote ref x"), 2, true},
		{"a wrong flag", "exit 1", 2, true},
		{"a busy server", says("The requested URL returned error: 503"), 0, true},
		{"no address", says("Could not resolve host: git.example.com"), 0, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := runGitSync(t, "12", test.program)
			if got.failed != test.failed || test.tries > 0 && got.tries != test.tries || test.tries == 0 && got.tries < 3 {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// No matter what git-sync starts or ignores, the container ends.
func TestGitSyncEnds(t *testing.T) {
	for name, program := range map[string]string{
		"hangs":                      "sleep 600",
		"ignores signals":            "trap '' TERM; sleep 600 & wait; sleep 600",
		"leaves a process behind":    "setsid sleep 10 & sleep 600",
		"fails, and hangs next time": `[ "$try" -gt 1 ] || { ` + says("Operation too slow") + `; }; sleep 600`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := runGitSync(t, "3", program)
			if !got.failed || !strings.HasSuffix(got.stderr, "git did not finish within 3 s\n") {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// A pod that is deleted ends at once: the script is the first process of its container.
func TestGitSyncEndsWithItsPod(t *testing.T) {
	cmd, dir := gitSyncCommand(t, "600", "touch $LAST_ERROR-started; sleep 5")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "last-error-started")); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 143 {
		t.Errorf("ended with %v", err)
	}
}

// What a user writes reaches git-sync unchanged.
func TestGitSyncGetsItsFlags(t *testing.T) {
	hostile := []string{"--repo=https://h/$(touch x);`touch y` *\n\"'", "--ref=--x y"}
	got := runGitSync(t, "8", `printf '<%s>' "$@" >&2`, hostile...)
	if _, flags, _ := strings.Cut(got.stderr, ">"); got.failed || flags != "<"+strings.Join(hostile, "><")+">" {
		t.Errorf("got %+v", got)
	}
}
