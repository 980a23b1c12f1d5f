package integration

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/process"
	"github.com/runai-mpi/runai-mpi/test/internal/slapd"
)

// A synced is a directory that is kept in step with the cluster.
type synced struct {
	name, config, password string
	server                 *slapd.Server
	// used is the time and the memory of the last run.
	used string
}

// newSynced writes the configuration of a directory of a server, with more lines.
func newSynced(t *testing.T, name string, server *slapd.Server, more string) *synced {
	t.Helper()
	t.Cleanup(func() {
		_ = product.Client.DeleteAllOf(context.WithoutCancel(t.Context()), &v1alpha1.PosixIdentity{},
			client.MatchingLabels{"policy.run.ai/directory": name})
	})
	s := &synced{name: name, config: filepath.Join(t.TempDir(), "directory.yaml"), password: file(t, slapd.Password+"\n"), server: server}
	text := fmt.Sprintf(`
apiVersion: policy.run.ai/v1alpha1
kind: DirectorySync
name: %s
servers: [%s]
startTLS: true
caFile: %s
bindDN: %s
passwordFile: %s
pageSize: 100
%s`, name, server.Secure, server.CAFile, slapd.BindDN, s.password, more)
	if err := os.WriteFile(s.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// accountsOf is the part of a configuration that reads accounts as in RFC 2307.
func accountsOf(name string) string {
	return fmt.Sprintf("accounts: {baseDNs: ['ou=people,%[1]s'], subject: '%[2]s:{{.uid}}'}\ngroups: {baseDNs: ['ou=groups,%[1]s']}\n",
		slapd.Suffix, name)
}

// run runs the real runai-webhook directory sync, and returns the lines that it prints.
func (s *synced) run(t *testing.T, args ...string) (lines []string, stderr string, code int) {
	t.Helper()
	return s.runAs(t, product.Kubeconfig(), args...)
}

func (s *synced) runAs(t *testing.T, kubeconfig string, args ...string) (lines []string, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), product.Programs.Webhook,
		append([]string{"directory", "sync", "--config=" + s.config, "--kubeconfig=" + kubeconfig}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	var exit *exec.ExitError
	start := time.Now()
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	s.used = fmt.Sprintf("%s, %s of CPU and at most %d MiB of memory", time.Since(start).Round(time.Millisecond),
		(cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Round(time.Millisecond), process.MaxMemory(cmd.ProcessState)>>20)
	return strings.FieldsFunc(out.String(), func(r rune) bool { return r == '\n' }), errs.String(), cmd.ProcessState.ExitCode()
}

// expect runs the directory, and fails the test unless it prints exactly these lines. The last one is the summary.
func (s *synced) expect(t *testing.T, args []string, want ...string) {
	t.Helper()
	lines, stderr, code := s.run(t, args...)
	wantCode := min(len(want)-1, 1) // of complaints
	if diff := cmp.Diff(want, lines); diff != "" || code != wantCode {
		t.Errorf("exit code %d, %s:\n%s", code, stderr, diff)
	}
}

// identities returns the PosixIdentities of the directory, by their subject.
func (s *synced) identities(t *testing.T) map[string]v1alpha1.PosixIdentity {
	t.Helper()
	var list v1alpha1.PosixIdentityList
	if err := product.Client.List(t.Context(), &list, client.MatchingLabels{"policy.run.ai/directory": s.name}); err != nil {
		t.Fatal(err)
	}
	all := map[string]v1alpha1.PosixIdentity{}
	for _, entry := range list.Items {
		all[entry.Spec.Subject] = entry
	}
	return all
}

func (s *synced) versions(t *testing.T) map[string]string {
	t.Helper()
	versions := map[string]string{}
	for subject, entry := range s.identities(t) {
		versions[subject] = entry.ResourceVersion
	}
	return versions
}

// replaced returns the directory with other text in its configuration.
func (s *synced) replaced(t *testing.T, pairs ...string) *synced {
	t.Helper()
	text, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(string(text), pairs[i]) {
			t.Fatalf("%s does not have %q", text, pairs[i])
		}
	}
	changed := *s
	changed.config = filepath.Join(t.TempDir(), "directory.yaml")
	if err := os.WriteFile(changed.config, []byte(strings.NewReplacer(pairs...).Replace(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
	return &changed
}

// file writes a file, and returns its path.
func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// summary is the last line that a run prints.
func summary(accounts, created, changed, closed, reopened, complaints int) string {
	return fmt.Sprintf("accounts: %d (0 out of bounds); PosixIdentities: %d created, %d changed, %d closed, %d reopened; complaints: %d",
		accounts, created, changed, closed, reopened, complaints)
}
