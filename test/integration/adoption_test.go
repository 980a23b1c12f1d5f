package integration

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/golden"
	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/install"
)

// adopted is a cluster policy whose label no webhook of this cluster knows: its namespaces are those of a cluster
// before the installation.
const adopted = `
apiVersion: policy.run.ai/v1alpha1
kind: ClusterPolicy
projectLabel: adopted.example.com/queue
`

// lister returns a user with the role of the samples.
func lister(t *testing.T) *env.User {
	t.Helper()
	role, err := os.ReadFile("../../config/samples/review-role.yaml")
	if err != nil {
		t.Fatal(err)
	}
	product.CreateManifest(t, "default", string(role))
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "runai-mpi-review"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "runai-mpi-review"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: "auditor"}},
	}
	product.Create(t, binding)
	product.AwaitPermission(t, binding.Subjects[0], "", install.Verbs("kubeflow.org", []string{"mpijobs"}, "list"))
	user, err := product.Impersonate(rest.ImpersonationConfig{UserName: "auditor", Groups: []string{"system:authenticated"}})
	if err != nil {
		t.Fatal(err)
	}
	return user
}

// reviewAs runs the real runai-webhook review.
func reviewAs(t *testing.T, user *env.User, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	args = append([]string{"review", "--kubeconfig", user.Kubeconfig()}, args...)
	command := exec.CommandContext(t.Context(), product.Programs.Webhook, args...)
	var out, errs bytes.Buffer
	command.Stdout, command.Stderr = &out, &errs
	if err := command.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	return out.String(), errs.String(), command.ProcessState.ExitCode()
}

// An administrator sees which jobs would be refused or changed, before there is a webhook, with permission to list
// only. What the report says is what the webhook does.
func TestAdoption(t *testing.T) {
	policy := filepath.Join(t.TempDir(), "policy.yaml")
	projects := filepath.Join(t.TempDir(), "projects.yaml")
	const project = "{apiVersion: policy.run.ai/v1alpha1, kind: Project, metadata: {name: adopted-a}, spec: {nodeAffinity: {train: [dgx]}}}"
	for path, text := range map[string]string{policy: adopted, projects: project} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for namespace, of := range map[string]string{"adopted-a": "adopted-a", "adopted-b": "absent", "adopted-c": ""} {
		labels := map[string]string{"adopted.example.com/queue": of}
		if of == "" {
			labels = nil
		}
		product.AddNamespace(t, namespace, labels)
		product.Create(t, mpijobtest.MakeMPIJob("plain", namespace).Workers(2).Obj())
	}
	for _, job := range unusualJobs("adopted-a") {
		product.Create(t, job)
	}
	auditor := lister(t)
	before := stored(t, product.Job(t, "adopted-a", "plain"))
	stdout, stderr, code := reviewAs(t, auditor, "--policy", policy, "--project", projects)
	// Other tests have jobs in namespaces of other labels.
	table, summary, _ := strings.Cut(stdout, "\nJobs in namespaces of no project")
	golden.Compare(t, "testdata/adoption.txt", table+"\n")
	const want = "runai-webhook: 3 of 6 jobs would be refused\nrunai-webhook: 1 of 2 namespaces have no Project\n"
	if code != 1 || summary == "" || stderr != want {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	given := []string{"--policy", policy, "--project", projects}
	stdout, stderr, code = reviewAs(t, auditor, append(given, "-n", "adopted-c", "--as-project", "adopted-a")...)
	if code != 0 || !strings.Contains(stdout, "adopted-c  plain  changed") {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
	if diff := cmp.Diff(before, stored(t, product.Job(t, "adopted-a", "plain"))); diff != "" {
		t.Errorf("a job was changed: %s", diff)
	}
	stdout, _, _ = reviewAs(t, auditor, append(given, "-n", "adopted-a", "-o", "json")...)
	isWhatTheWebhookDoes(t, stdout)
}

// unusualJobs returns jobs of which some would be refused.
func unusualJobs(namespace string) []client.Object {
	twice := mpijobtest.MakeMPIJob("two-causes", namespace).Label("kai.scheduler/queue", "mine").Obj()
	twice.Spec.MPIReplicaSpecs[mpijob.Worker].Template.Spec.NodeName = "node-1"
	misfit := mpijobtest.MakeMPIJob("other-nodes", namespace).Obj()
	misfit.Spec.MPIReplicaSpecs[mpijob.Worker].Template.Spec.NodeSelector = map[string]string{"run.ai/type": "t4"}
	suspended := mpijobtest.MakeMPIJob("suspended", namespace).Obj()
	yes := true
	suspended.Spec.RunPolicy.Suspend = &yes
	return []client.Object{twice, misfit, suspended, mpijobtest.MakeMPIJob("asks", namespace).Annotation(annotations.GPUKey, "many").Obj()}
}

// isWhatTheWebhookDoes creates each job of a report again, as a dry run in a namespace of the same project.
func isWhatTheWebhookDoes(t *testing.T, report string) {
	t.Helper()
	var said struct {
		Jobs []struct {
			Name, Result string
			Why          []string
		}
	}
	if err := json.Unmarshal([]byte(report), &said); err != nil || len(said.Jobs) == 0 {
		t.Fatalf("%v: %s", err, report)
	}
	project := &v1alpha1.Project{ObjectMeta: metav1.ObjectMeta{Name: "adopted-a"}}
	project.Spec.NodeAffinity.Train = []string{"dgx"}
	namespace := product.AddProject(t, project.Name, project.Spec)
	for _, job := range said.Jobs {
		again := &v2beta1.MPIJob{ObjectMeta: metav1.ObjectMeta{Name: job.Name, Namespace: namespace}}
		was := product.Job(t, "adopted-a", job.Name)
		again.Labels, again.Annotations, again.Spec = was.Labels, was.Annotations, was.Spec
		err := product.Client.Create(t.Context(), again, client.DryRunAll)
		var status apierrors.APIStatus
		switch {
		case job.Result == "refused" && errors.As(err, &status) && status.Status().Details != nil:
			var causes []string
			for _, cause := range status.Status().Details.Causes {
				causes = append(causes, cause.Field+": "+cause.Message)
			}
			if diff := cmp.Diff(causes, job.Why); diff != "" {
				t.Errorf("%s (-webhook +report):\n%s", job.Name, diff)
			}
		case job.Result == "refused" || err != nil:
			t.Errorf("%s is %s, but the webhook says %v", job.Name, job.Result, err)
		case job.Result == "changed" && cmp.Equal(was.Spec, again.Spec):
			t.Errorf("%s was not changed", job.Name)
		}
	}
}

// After the installation, the report on stored jobs says what another cluster policy would change.
func TestReviewOfAdmittedJobs(t *testing.T) {
	namespace := product.AddProject(t, "readmitted", dgx)
	product.Create(t, mpijobtest.MakeMPIJob("judged", namespace).Annotation(annotations.RunAsUserKey, "false").Obj())
	stdout, stderr, code := reviewAs(t, product.User, "-n", namespace)
	if code != 0 || !strings.Contains(stdout, namespace+"  judged  unchanged") {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
	policy := filepath.Join(t.TempDir(), "policy.yaml")
	text := strings.Replace(adopted, "projectLabel: adopted.example.com/queue", "scheduling: {schedulerName: kai-scheduler}", 1)
	if err := os.WriteFile(policy, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code = reviewAs(t, product.User, "-n", namespace, "--policy", policy)
	if code != 0 || !strings.Contains(stdout, "judged  changed  changed again: another cluster policy") {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
	_, stderr, code = reviewAs(t, product.User, "-n", "absent")
	if code != 1 || stderr != "runai-webhook: namespace absent not found\n" {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}
