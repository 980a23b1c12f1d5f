package policy

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The scripts of the agent and of sshd pass on variables of any name, as the kubelet starts them.

var likeOurs = []string{
	"address", "config", "copy", "dir", "environment", "files", "host", "keys", "key", "last", "line", "name", "other", "port", "sent",
	"sshd", "value", "word",
}

func writeProgram(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestSSHDKeepsTheWorkersVariables(t *testing.T) {
	dir := t.TempDir()
	writeProgram(t, filepath.Join(dir, "sshd"), `[ "$1" = -t ] || printf '%s\n' "$@"`)
	if err := os.WriteFile(filepath.Join(dir, "environment"), []byte("name=image\nPATH=/image\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var kept []string
	for _, name := range likeOurs {
		if name != "name" {
			kept = append(kept, name)
		}
	}
	env := environment{sent: []string{"name"}, kept: append(kept, "PATH")}
	command := startIdentitySSHD(env)
	for i, word := range command {
		command[i], _ = expand(word, nil, true)
	}
	command[2] = strings.NewReplacer("/usr/sbin/sshd", filepath.Join(dir, "sshd"), "/etc/environment", filepath.Join(dir, "environment")).Replace(command[2])
	for _, shell := range []string{"sh", "bash"} {
		t.Run(shell, func(t *testing.T) {
			path, err := exec.LookPath(shell)
			if err != nil {
				t.Fatal(err)
			}
			run := exec.Command(path, command[1:]...)
			run.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=/root"}
			for _, name := range likeOurs {
				run.Env = append(run.Env, name+"=of "+name)
			}
			out, err := run.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if want := `"PATH=` + os.Getenv("PATH") + `"`; !strings.Contains(string(out), want) {
				t.Errorf("no %s in\n%s", want, out)
			}
			for _, name := range likeOurs {
				if want := `"` + name + "=of " + name + `"`; !strings.Contains(string(out), want) {
					t.Errorf("no %s in\n%s", want, out)
				}
			}
		})
	}
}

func TestAgentSendsVariablesOfAnyName(t *testing.T) {
	dir := t.TempDir()
	writeProgram(t, filepath.Join(dir, "ssh"), "env\n")
	if err := os.WriteFile(filepath.Join(dir, "id_rsa"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	writeProgram(t, filepath.Join(dir, "agent"), agent(dir, true, true).content)
	run := exec.Command(filepath.Join(dir, "agent"), "worker-0", "true")
	run.Env = []string{"PATH=" + dir + ":" + os.Getenv("PATH"), "TMPDIR=" + dir, "HOSTNAME=launcher", launcherAddressEnv + "=10.0.0.1"}
	for _, name := range likeOurs {
		run.Env = append(run.Env, name+"=of "+name)
	}
	out, err := run.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range likeOurs {
		if want := "\n" + name + "=of " + name + "\n"; !strings.Contains("\n"+string(out), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}
