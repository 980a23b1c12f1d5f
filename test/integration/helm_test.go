package integration

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
	"github.com/runai-mpi/runai-mpi/test/internal/chart"
	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// A helm runs the real helm against a control plane that has no nodes.
type helm struct {
	*env.Env
	values string // a file that other values are added to
}

const withoutNodes = `
image: {repository: registry.example.com/runai-webhook}
prepare: {enabled: false}
certManager: {enabled: false}
certificate:
  secretName: tls
  caBundle: |
    -----BEGIN CERTIFICATE-----
    AAAA
    -----END CERTIFICATE-----
`

func newHelm(t *testing.T) helm {
	t.Helper()
	h := helm{Env: env.New(t, env.Options{WithoutOperator: true}), values: filepath.Join(t.TempDir(), "values.yaml")}
	if err := os.WriteFile(h.values, []byte(withoutNodes), 0o600); err != nil {
		t.Fatal(err)
	}
	return h
}

// run runs a command of helm for a release, with more values.
func (h helm) run(t *testing.T, command, release, values string, args ...string) error {
	t.Helper()
	set, err := binaries.Find(binaries.Helm)
	if err != nil {
		t.Fatal(err)
	}
	args = append([]string{command, release, "--namespace", chart.Namespace, "--kubeconfig", h.Kubeconfig()}, args...)
	if command != "uninstall" {
		dir, err := chart.Directory()
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "values.yaml")
		if err := os.WriteFile(file, []byte(values), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, dir, "--values", h.values, "--values", file)
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(t.Context(), set[binaries.Helm], args...)
	cmd.Env = append(os.Environ(), "HOME="+h.Dir)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("helm %s: %w: %s", command, err, out.String())
	}
	return nil
}

func (h helm) must(t *testing.T, command, release, values string, args ...string) {
	t.Helper()
	if err := h.run(t, command, release, values, args...); err != nil {
		t.Fatal(err)
	}
}

// refuses fails unless helm fails for this reason.
func (h helm) refuses(t *testing.T, reason, command, release, values string, args ...string) {
	t.Helper()
	if err := suite.Refused(h.run(t, command, release, values, args...), reason); err != nil {
		t.Errorf("helm %s: %s", command, err)
	}
}

func (h helm) kubectl(t *testing.T, args ...string) string {
	t.Helper()
	return suite.Kubectl(t, h.User, "", args...)
}

// has fails unless each object exists, or none does.
func (h helm) has(t *testing.T, exist bool, objects ...string) {
	t.Helper()
	for _, object := range objects {
		_, _, err := h.Kubectl(t.Context(), strings.NewReader(""), append([]string{"get"}, strings.Fields(object)...)...)
		if (err == nil) != exist || err != nil && !strings.Contains(err.Error(), "not found") {
			t.Errorf("%s: exists is not %t: %v", object, exist, err)
		}
	}
}

// Projects, their namespaces and identities outlive the chart, and a chart of the same name takes them again. What the
// pages say about objects that exist already is what helm does.
func TestPeopleSurviveHelm(t *testing.T) {
	h, long := newHelm(t), strings.Repeat("a", 63)
	people := fmt.Sprintf(`
projects:
  team-a:
    spec: {queue: research}
    namespaces: [{name: runai-team-a}]
    members: {users: ["saml:alice@example.com", "system:serviceaccount:ci:robot"]}
  %s:
    namespaces: [{name: %s}]
    members: {groups: [g]}
identities:
  alice: {subject: "saml:alice@example.com", uid: 2147483647, gid: 1e+06, supplementalGroups: [1000000], notAfter: 2030-01-31T00:00:00Z}
`, long, long)
	kept := []string{"project team-a", "project " + long, "namespace runai-team-a", "namespace " + long, "posixidentity alice"}
	permissions := []string{
		"rolebinding -n runai-team-a runai-mpi-researcher", "clusterrole runai-mpi-researcher", "clusterrole runai-mpi:project:team-a",
		"clusterrolebinding runai-mpi:project:" + long,
	}
	h.must(t, "install", "runai-mpi", people, "--create-namespace")
	h.has(t, true, append(kept, permissions...)...)
	h.must(t, "uninstall", "runai-mpi", "")
	h.has(t, true, kept...)
	h.has(t, false, permissions...)
	h.refuses(t, "exists and cannot be imported into the current release", "install", "other-runai-mpi", people)
	h.must(t, "install", "runai-mpi", people)
	h.has(t, true, permissions...)

	h.kubectl(t, "patch", "project", "team-a", "--type=merge", "--patch", `{"spec":{"queue":"other"}}`)
	h.refuses(t, ".spec.queue", "upgrade", "runai-mpi", people)
	h.must(t, "upgrade", "runai-mpi", people, "--force-conflicts")
	h.refuses(t, "should be less than or equal to 2147483647", "upgrade", "runai-mpi",
		people+"  bob: {subject: bob, uid: 2147483648, gid: 1000}\n")

	h.kubectl(t, "create", "namespace", "taken")
	h.refuses(t, "exists and cannot be imported into the current release", "upgrade", "runai-mpi",
		"projects: {team-a: {namespaces: [{name: taken}]}}")
	h.must(t, "upgrade", "runai-mpi", "projects: {team-a: {namespaces: [{name: taken, create: false}], members: {users: [bob]}}}")
	h.has(t, true, append(kept, "rolebinding -n taken runai-mpi-researcher")...)
	h.has(t, false, "rolebinding -n runai-team-a runai-mpi-researcher", "clusterrolebinding runai-mpi:project:"+long)
	h.must(t, "upgrade", "runai-mpi", "projects: {team-a: {namespaces: [{name: taken}]}}", "--take-ownership")
	if labels := h.kubectl(t, "get", "namespace", "taken", "--show-labels"); !strings.Contains(labels, "runai/queue=team-a") {
		t.Errorf("the namespace does not belong to the project: %s", labels)
	}
	h.must(t, "upgrade", "runai-mpi", people)
	h.has(t, true, append(kept, permissions...)...)
	h.runsPage(t, "../../docs/roles.md")
	h.has(t, true, "rolebinding -n runai-team-a researchers", "clusterrolebinding team-a-project")
}

// runsPage runs the commands of kubectl on a page.
func (h helm) runsPage(t *testing.T, path string) {
	t.Helper()
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range regexp.MustCompile("(?ms)^```sh\n(.*?)^```$").FindAllStringSubmatch(string(page), -1) {
		for line := range strings.Lines(block[1]) {
			words := strings.Fields(line)
			if words[0] != "kubectl" {
				t.Errorf("unknown command %q", line)
				continue
			}
			h.kubectl(t, words[1:]...)
		}
	}
}
