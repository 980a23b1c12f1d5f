package doctor

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/test/golden"
	"github.com/runai-mpi/runai-mpi/test/internal/chart"
	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/install"
	"github.com/runai-mpi/runai-mpi/webhook/doctor"
)

// run runs the program as a user.
func run(t *testing.T, user *env.User, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), product.Programs.Webhook, append([]string{"doctor"}, args...)...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+user.Kubeconfig())
	cmd.Stdout, cmd.Stderr = &out, &errs
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

func decode(t *testing.T, text string) doctor.Report {
	t.Helper()
	var report doctor.Report
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&report); err != nil {
		t.Fatalf("%s: %s", err, text)
	}
	return report
}

// An administrator reads the report as a table or JSON, and its exit code.
func TestReport(t *testing.T) {
	withProject(t)
	admin := product.User
	if stdout, stderr, code := run(t, admin); code != 0 || stderr != "" || !strings.HasSuffix(stdout, "checks were done\n") {
		t.Errorf("a clean cluster: exit code %d, %s%s", code, stdout, stderr)
	}
	permit(t, everywhere, install.Verbs("", []string{"users", "groups"}, "impersonate"), install.Verbs("kubeflow.org",
		[]string{"mpijobs"}, "*"))
	plant(t, identity("bob", "bob\x1b[31m", 1001))
	table, stderr, code := run(t, admin)
	if code != 1 || stderr != "" {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	golden.Compare(t, "testdata/report.txt", table)
	text, _, code := run(t, admin, "-o", "json")
	if code != 1 {
		t.Errorf("exit code %d", code)
	}
	golden.Compare(t, "testdata/report.json", text)
	for line := range strings.Lines(table) {
		if len(line) > 101 && !strings.HasPrefix(line, "  fix: ") {
			t.Errorf("a long line: %s", line)
		}
	}
	if stdout, _, code := run(t, admin, "--administrators=ev*", "-o", "json"); code != 1 || len(decode(t, stdout).Findings) != 1 {
		t.Errorf("a trusted user: exit code %d, %s", code, stdout)
	}
}

// Without permissions, doctor says what it cannot see, which is not a finding. With those of the chart it sees everything.
func TestRights(t *testing.T) {
	withProject(t)
	nobody, err := product.AddUser("nobody")
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code := run(t, nobody, "-o", "json")
	report := decode(t, stdout)
	if code != 0 || stderr != "" || len(report.Findings) != 0 || report.Backstop != "unknown" {
		t.Errorf("exit code %d: %s%s", code, stderr, stdout)
	}
	golden.Compare(t, "testdata/nobody.json", stdout)
	for _, check := range doctor.Names() {
		if !slices.ContainsFunc(report.NotChecked, func(not doctor.NotChecked) bool { return not.Check == check }) {
			t.Errorf("%s was done without permissions", check)
		}
	}

	reader, err := product.AddUser("reader")
	if err != nil {
		t.Fatal(err)
	}
	grantChartRole(t, "reader")
	permit(t, everywhere, install.Verbs("", []string{"users"}, "impersonate"))
	stdout, stderr, code = run(t, reader, "-o", "json", "--backstop=objects")
	report = decode(t, stdout)
	if code != 1 || stderr != "" {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	if err := onlyFound(report, "may-impersonate"); err != nil {
		t.Error(err)
	}
	if report.Backstop != "objects" {
		t.Errorf("the backstop is %q", report.Backstop)
	}
}

// grantChartRole binds the roles of the chart's Job to a user.
func grantChartRole(t *testing.T, user string) {
	t.Helper()
	objects, err := chart.Render(t.Context(), "--set", "doctor.enabled=true")
	if err != nil {
		t.Fatal(err)
	}
	role, leases := &rbacv1.ClusterRole{}, &rbacv1.Role{}
	if err := errors.Join(objects.Find("ClusterRole", "runai-mpi-doctor", role), objects.Find("Role", "runai-mpi-doctor",
		leases)); err != nil {
		t.Fatal(err)
	}
	subjects := []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: user}}
	meta := metav1.ObjectMeta{Name: role.Name}
	inNamespace := metav1.ObjectMeta{Name: role.Name, Namespace: leases.Namespace}
	plant(t, role, leases,
		&rbacv1.ClusterRoleBinding{ObjectMeta: meta, Subjects: subjects, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName,
			Kind: "ClusterRole", Name: role.Name}},
		&rbacv1.RoleBinding{ObjectMeta: inNamespace, Subjects: subjects, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName,
			Kind: "Role", Name: role.Name}})
}

// Before the chart is installed, the namespaces are found that it would capture.
func TestCaptured(t *testing.T) {
	withProject(t)
	snapshot := read(t)
	snapshot.Release, snapshot.MutatingWebhooks, snapshot.ValidatingWebhooks, snapshot.Policies = nil, nil, nil, nil
	snapshot.Namespaces = []corev1.Namespace{{ObjectMeta: metav1.ObjectMeta{Name: "runai-old",
		Labels: map[string]string{"runai/queue": "old"}}}}
	snapshot.Projects, snapshot.Probe = nil, doctor.Probe{}
	if err := onlyFound(doctor.Examine(snapshot), "captured-namespace"); err != nil {
		t.Error(err)
	}
	planted["captured-namespace"] = true
}

// The backstop keeps namespaces without the label out, so the snapshot is changed.
func TestUnlabelled(t *testing.T) {
	withProject(t)
	snapshot := read(t)
	for i := range snapshot.Namespaces {
		if snapshot.Namespaces[i].Name == namespace {
			delete(snapshot.Namespaces[i].Labels, "run.ai/identity")
		}
	}
	if err := onlyFound(doctor.Examine(snapshot), "namespace-identity-label"); err != nil {
		t.Error(err)
	}
}

// Each check has found a planted defect. The name lets it run last.
func TestZEveryCheckWasPlanted(t *testing.T) {
	if len(planted) == 0 {
		t.Fatal("run it with the other tests")
	}
	for _, check := range doctor.Names() {
		if !planted[check] {
			t.Errorf("no test plants what %s finds", check)
		}
	}
}
