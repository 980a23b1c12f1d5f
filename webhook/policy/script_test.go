package policy

import (
	"os/exec"
	"strings"
	"testing"
)

// The scripts in a job are what their sources mean: bash writes the same program for both, and every shell reads them.
func TestLeanScripts(t *testing.T) {
	for name, script := range map[string]struct{ source, lean string }{
		"start_gate.sh": {gateSource, gateScript}, "sshd_start.sh": {startSSHDSource, startSSHDScript}, "git_sync.sh": {gitSyncSource, gitSyncScript},
	} {
		t.Run(name, func(t *testing.T) {
			if want, got := asBashReads(t, script.source), asBashReads(t, script.lean); got != want {
				t.Errorf("the lean script means something else:\n%s\nnot\n%s", got, want)
			}
			for _, shell := range []string{"sh", "bash"} {
				if out, err := exec.Command(shell, "-n", "-c", script.lean).CombinedOutput(); err != nil {
					t.Errorf("%s: %s: %s", shell, err, out)
				}
			}
			for line := range strings.Lines(script.lean) {
				if trimmed := strings.TrimLeft(line, " \t"); trimmed != line || trimmed[0] == '#' || trimmed == "\n" || strings.Contains(line, " # ") {
					t.Errorf("%q has no meaning", line)
				}
			}
		})
	}
}

// asBashReads returns a script as bash prints it after reading it.
func asBashReads(t *testing.T, script string) string {
	t.Helper()
	out, err := exec.Command("bash", "-c", "f() {\n"+script+"\n}\ndeclare -f f").CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %s", err, out)
	}
	return string(out)
}
