package main

import (
	"os"
	"os/exec"
	"testing"
)

// A mistake in the command line is one line: what is wrong, and what is accepted.
func TestUsage(t *testing.T) {
	dir := t.TempDir()
	for _, test := range []struct {
		args []string
		want string
	}{
		{nil, "missing command: see 'runai-webhook --help'"},
		{[]string{"revieww"}, `unexpected argument "revieww". Did you mean "review"?`},
		{[]string{"review", "a"}, `unexpected argument "a"`},
		{[]string{"review", "--namespac=a"}, `unknown flag --namespac. Did you mean "--namespace"?`},
		{[]string{"review", "--zzz"}, "unknown flag --zzz"},
		{[]string{"review", "--policy"}, "missing value for --policy"},
		{[]string{"review", "--as-project=a"}, "--as-project requires -n or -f"},
		{[]string{"review", "-o", "wide"}, `invalid value "wide" for --output: must be table, json or yaml`},
		{[]string{"review", "-l", "a==="}, `invalid value "a===" for -l: must be a label selector, for example team=a`},
		{[]string{"prepare", "--policy=" + dir + "/absent"}, "--policy: " + dir + "/absent does not exist"},
		{[]string{"prepare", "--timeout=soon"}, `invalid value "soon" for --timeout: must be a duration, for example 30s`},
		{[]string{"prepare", "--timeout"}, "missing value for --timeout"},
		{[]string{"prepare", "--timeout=-1s"}, `invalid value "-1s" for --timeout: must not be negative`},
		{[]string{"check", "--wait=-1s"}, `invalid value "-1s" for --wait: must not be negative`},
		{[]string{"check", "--service=localhost"}, `invalid value "localhost" for --service: must be HOST:PORT, for example localhost:9443`},
		{[]string{"doctor", "--service=:9443"}, `invalid value ":9443" for --service: must be HOST:PORT, for example localhost:9443`},
		{[]string{"doctor", "--backstop=file"}, `invalid value "file" for --backstop: must be auto, objects or files`},
		{[]string{"directory"}, "missing command: must be sync"},
		{[]string{"directory", "sync"}, "missing --config=FILE"},
		{[]string{"directory", "sync", "--config=usage.go", "--stale-after=0s"}, `invalid value "0s" for --stale-after: must be at least 1s`},
		{[]string{"directory", "sync", "--config=usage.go", "--lease=a"},
			`invalid --lease "a": expected NAMESPACE/NAME, for example runai-system/runai-mpi-directory`},
		{[]string{"serve"}, "missing --cert-dir=DIR"},
		{[]string{"serve", "--cert-dir", dir, "--port=x"}, `invalid value "x" for --port: must be a whole number`},
		{[]string{"serve", "--cert-dir", dir, "--port=70000"}, `invalid value "70000" for --port: must be a port from 1 to 65535`},
		{[]string{"serve", "--cert-dir", dir, "--drain=-1s"}, `invalid value "-1s" for --drain: must not be negative`},
		{[]string{"serve", "--cert-dir", dir, "--log-level=loud"}, `invalid value "loud" for --log-level: must be debug, info, warn or error`},
	} {
		cmd := exec.CommandContext(t.Context(), os.Args[0], test.args...)
		cmd.Env = append(os.Environ(), asProgram+"=1")
		output, _ := cmd.CombinedOutput() // the exit code is checked
		if want := "runai-webhook: " + test.want + "\n"; cmd.ProcessState.ExitCode() != 2 || string(output) != want {
			t.Errorf("%v: exit code %d, got %q, want %q", test.args, cmd.ProcessState.ExitCode(), output, want)
		}
	}
}
