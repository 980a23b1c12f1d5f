package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/klog/v2"
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

// writeCertificate writes the certificate of a test server, with its key.
func writeCertificate(t *testing.T) (dir string) {
	t.Helper()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	pair := server.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	for name, block := range map[string]*pem.Block{
		"tls.crt": {Type: "CERTIFICATE", Bytes: pair.Certificate[0]}, "tls.key": {Type: "PRIVATE KEY", Bytes: key},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// serving runs serve as a program, until its time is over or it exits, and returns what it printed.
func serving(t *testing.T, seconds int, args ...string) (output string, code int) {
	t.Helper()
	dir := writeCertificate(t)
	kubeconfig := filepath.Join(dir, "kubeconfig") // of an API server that does not answer
	text := `{"apiVersion":"v1","kind":"Config","current-context":"a","contexts":[{"name":"a","context":{"cluster":"a"}}],` +
		`"clusters":[{"name":"a","cluster":{"server":"https://127.0.0.1:1"}}]}`
	if err := os.WriteFile(kubeconfig, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(seconds)*time.Second)
	defer cancel()
	for _, address := range []string{"--health-address=", "--metrics-address="} {
		if !slices.ContainsFunc(args, func(arg string) bool { return strings.HasPrefix(arg, address) }) {
			args = append(args, address+"0")
		}
	}
	cmd := exec.CommandContext(ctx, os.Args[0], append([]string{"serve", "--cert-dir=" + dir, "--kubeconfig=" + kubeconfig, "--host=127.0.0.1"}, args...)...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	all, _ := cmd.CombinedOutput() // the exit code is checked
	return string(all), cmd.ProcessState.ExitCode()
}

// The last lines of a replica that cannot start are the reasons, because they become the pod's termination message.
func TestReasonsAreTheLastLines(t *testing.T) {
	policy := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(policy, []byte("apiVersion: policy.run.ai/v1alpha1\nkind: ClusterPolicy\nssh: {port: 1}\ngpu: {fractions: MPS}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	for _, test := range []struct {
		name string
		args []string
		want []string
	}{
		{"a policy", []string{"--policy=" + policy, "--log-format=json"}, []string{"runai-webhook: gpu.fractions: ", "runai-webhook: ssh.port: "}},
		{"a port in use", []string{"--port=" + port}, []string{"runai-webhook: cannot serve the webhook: listen tcp 127.0.0.1:" + port + ": bind: address already in use"}},
		{"a port of metrics in use", []string{"--port=0", "--metrics-address=127.0.0.1:" + port}, []string{
			"runai-webhook: cannot serve metrics: listen tcp 127.0.0.1:" + port + ": bind: address already in use"}},
		{"a port of health checks in use", []string{"--port=0", "--health-address=127.0.0.1:" + port}, []string{
			"runai-webhook: cannot serve health: listen tcp 127.0.0.1:" + port}},
	} {
		t.Run(test.name, func(t *testing.T) {
			output, code := serving(t, 60, test.args...)
			lines := strings.Split(strings.TrimSpace(output), "\n")
			if code != 1 || len(lines) < len(test.want) {
				t.Fatalf("exit code %d: %s", code, output)
			}
			last := lines[len(lines)-len(test.want):]
			slices.Sort(last)
			for i, want := range test.want {
				if !strings.HasPrefix(last[i], want) {
					t.Errorf("got %s, want %s", last[i], want)
				}
			}
		})
	}
}

// A replica that waits for the API server says why, in the format that was asked for.
func TestWaitingSaysWhy(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	listener.Close()
	output, _ := serving(t, 8, "--log-format=json", "--port="+port)
	found := false
	for line := range strings.Lines(output) {
		var parsed struct{ Level, Msg, For, Reason string }
		if err := json.Unmarshal([]byte(line), &parsed); err != nil {
			t.Errorf("not JSON: %s", line)
		}
		found = found || parsed.Level == "WARN" && parsed.Msg == "not ready: waiting for the API server" &&
			parsed.For == "Namespaces, Projects, PosixIdentities, the MPIJob CRD" && strings.HasSuffix(parsed.Reason, "connection refused")
	}
	if !found {
		t.Error(output)
	}
}

func TestLogging(t *testing.T) {
	before := slog.Default()
	defer slog.SetDefault(before)
	defer klog.ClearLogger()
	var out bytes.Buffer
	if err := (logging{LogLevel: "warn", LogFormat: "json"}).setUp(&out); err != nil {
		t.Fatal(err)
	}
	slog.Info("hidden")
	slog.Warn("a\x1b[2Kb", "user", "c\u202ed\ne", "err", errors.New("f\x7f"))
	klog.ErrorS(errors.New("forbidden"), "of client-go")
	var lines []map[string]any
	for line := range strings.Lines(out.String()) {
		var parsed map[string]any
		if err := json.Unmarshal([]byte(line), &parsed); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		delete(parsed, "time")
		lines = append(lines, parsed)
	}
	want := []map[string]any{
		{"level": "WARN", "msg": `a\x1b[2Kb`, "user": `c\u202ed\ne`, "err": `f\x7f`},
		{"level": "ERROR", "msg": "of client-go", "err": "forbidden"},
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
