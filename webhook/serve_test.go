package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A replica that cannot read its certificate ends at once, also if no API server answers.
func TestInvalidCertificate(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"tls.crt", "tls.key"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	kubeconfig := filepath.Join(dir, "kubeconfig")
	if err := os.WriteFile(kubeconfig, []byte(`{"apiVersion":"v1","kind":"Config"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "serve", "--cert-dir="+dir, "--kubeconfig="+kubeconfig)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	output, _ := cmd.CombinedOutput() // the exit code is checked
	if want := "runai-webhook: invalid certificate in " + dir; cmd.ProcessState.ExitCode() != 1 || !strings.HasPrefix(string(output), want) {
		t.Errorf("exit code %d: %s", cmd.ProcessState.ExitCode(), output)
	}
}
