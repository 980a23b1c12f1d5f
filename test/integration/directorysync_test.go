package integration

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/slapd"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// A synced is a directory that is kept in step with the cluster.
type synced struct {
	name, config string
	server       *slapd.Server
}

// newSynced writes the configuration of a directory of a server, with more lines.
func newSynced(t *testing.T, name string, server *slapd.Server, more string) *synced {
	t.Helper()
	s := &synced{name, filepath.Join(t.TempDir(), "directory.yaml"), server}
	password := filepath.Join(t.TempDir(), "password")
	for file, text := range map[string]string{password: slapd.Password + "\n", s.config: fmt.Sprintf(`
apiVersion: policy.run.ai/v1alpha1
kind: DirectorySync
name: %s
servers: [%s]
caFile: %s
bindDN: %s
passwordFile: %s
pageSize: 100
%s`, name, server.Secure, server.CAFile, slapd.BindDN, password, more)} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// accountsOf is the part of a configuration that reads accounts as in RFC 2307.
func accountsOf(name string) string {
	return fmt.Sprintf("accounts: {baseDNs: ['ou=people,%[1]s'], subject: '%[2]s:{{.uid}}'}\ngroups: {baseDNs: ['ou=groups,%[1]s']}\n",
		slapd.Suffix, name)
}

// run runs the real runai-webhook directory sync, and returns the last line that it prints, and the others.
func (s *synced) run(t *testing.T, args ...string) (summary string, others []string, code int) {
	t.Helper()
	var out bytes.Buffer
	cmd := exec.CommandContext(t.Context(), product.Programs.Webhook,
		append([]string{"directory", "sync", "--config=" + s.config, "--kubeconfig=" + product.Kubeconfig()}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &out
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	return lines[len(lines)-1], lines[:len(lines)-1], cmd.ProcessState.ExitCode()
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

// 500 accounts become PosixIdentities, a second run changes nothing, and a job runs as one of them.
func TestDirectorySync(t *testing.T) {
	server := slapd.Start(t, slapd.People(500)+slapd.Group("physics", 6000, "user1", "user2"), slapd.Options{})
	directory := newSynced(t, "people", server, accountsOf("people"))
	summary, others, code := directory.run(t)
	if want := "500 accounts, 0 out of bounds: 500 PosixIdentities created, 0 changed, 0 closed, 0 reopened, 0 complaints"; summary != want || len(others) > 0 || code != 0 {
		t.Fatalf("%d: %q %q", code, summary, others)
	}
	before := directory.versions(t)
	if len(before) != 500 {
		t.Fatalf("there are %d PosixIdentities", len(before))
	}
	if err := suite.Says(fmt.Sprintf("%+v", directory.identities(t)["people:user2"].Spec), "UID:10002 GID:5000 SupplementalGroups:[6000] UserName:user2 Home:/home/user2"); err != nil {
		t.Error(err)
	}
	summary, others, code = directory.run(t)
	if want := "500 accounts, 0 out of bounds: 0 PosixIdentities created, 0 changed, 0 closed, 0 reopened, 0 complaints"; summary != want || len(others) > 0 || code != 0 {
		t.Fatalf("%d: %q %q", code, summary, others)
	}
	for subject, version := range directory.versions(t) {
		if before[subject] != version {
			t.Errorf("the second run wrote the PosixIdentity of %s", subject)
		}
	}
}
