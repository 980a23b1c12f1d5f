package integration

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

const plainJob = `
apiVersion: kubeflow.org/v2beta1
kind: MPIJob
metadata: {name: plain, labels: {team: a}, annotations: {example.com/a: b}}
spec:
  slotsPerWorker: 2
  runPolicy: {suspend: true}
  mpiReplicaSpecs:
    Launcher: {replicas: 1, template: {spec: {nodeName: node-7, containers: [{name: mpi, image: example/train, args: [train]}]}}}
    Worker: {replicas: 2, template: {spec: {containers: [{name: mpi, image: example/train, securityContext: {runAsUser: 0}}]}}}
`

// asStored returns the JSON of a job as the API server has it, without what differs between two creations.
func asStored(t *testing.T, namespace, name string) string {
	t.Helper()
	var object map[string]any
	text := suite.Kubectl(t, product.User, "", "get", "mpijob", name, "-n", namespace, "-o", "json")
	if err := json.Unmarshal([]byte(text), &object); err != nil {
		t.Fatal(err)
	}
	delete(object, "status")
	metadata := object["metadata"].(map[string]any)
	for _, key := range []string{"namespace", "uid", "resourceVersion", "creationTimestamp", "generation"} {
		delete(metadata, key)
	}
	return canonical(t, object)
}

// applyIn runs kubectl with a manifest, and returns the warnings or the error.
func applyIn(t *testing.T, namespace, verb, manifest string) (stderr string, err error) {
	t.Helper()
	_, stderr, err = product.Kubectl(t.Context(), strings.NewReader(manifest), verb, "-n", namespace, "-f", "-")
	return stderr, err
}

// An administrator warns a team before its jobs are judged. What asks for the webhook is judged at once.
func TestWarnedOnly(t *testing.T) {
	namespace := product.AddProject(t, "warned", v1alpha1.ProjectSpec{Identity: v1alpha1.IdentityRequired, WarnOnlyUntil: "2999-12-31"})
	product.AddNamespace(t, "unwarned", nil) // of no project
	for where, want := range map[string][]string{
		"unwarned": nil,
		namespace: {
			"Warning: project warned is warn-only until 2999-12-31: the job is stored as it is, and can run with any uid and gid\n",
			"Warning: after 2999-12-31 it would be refused: spec.mpiReplicaSpecs[Launcher].template.spec.nodeName: Forbidden: ",
			"Warning: after 2999-12-31 it would be refused: metadata.annotations[run.ai/run-as-user]: Forbidden: " +
				"the cluster has no UID and GID for admin",
		},
	} {
		stderr, err := applyIn(t, where, "create", plainJob)
		if err := suite.Says(stderr, want...); err != nil || (stderr == "") != (want == nil) {
			t.Errorf("%s: %v: %s", where, err, stderr)
		}
		if err != nil {
			t.Fatal(stderr)
		}
	}
	if diff := cmp.Diff(asStored(t, "unwarned", "plain"), asStored(t, namespace, "plain")); diff != "" {
		t.Errorf("stored differently (-without the webhook +with it):\n%s", diff)
	}
	alice := as(t, "saml:alice", claims)
	stdout, stderr, code := product.RunaiAs(t, alice.Kubeconfig(), "submit-mpi", "judged", "-n", namespace, "-i", "example/train")
	if code != 0 {
		t.Fatalf("%s%s", stdout, stderr)
	}
	launcher, _ := mpijob.TemplateOf(product.Job(t, namespace, "judged"), mpijob.Launcher)
	if ids := launcher.Spec.SecurityContext; ids == nil || ids.RunAsUser == nil || *ids.RunAsUser != 1234567 {
		t.Errorf("a job of runai runs as %v", ids)
	}
	err := mergePatch(t, product.ClientOf(t, alice), product.Job(t, namespace, "judged"), refusedEdits[1].patch)
	if err := suite.Refused(err, "what a job runs cannot be changed after submission"); err != nil {
		t.Error(err)
	}
	stdout, stderr, _ = product.RunaiAs(t, alice.Kubeconfig(), "whoami", "-n", namespace)
	for text, want := range map[string]string{
		stdout: "Without --run-as-user, MPIJobs in namespace runai-warned can set any uid and gid.\n" +
			"The namespace is warn-only: jobs without run.ai/ annotations are stored as they are.\n",
		stderr: "project warned is warn-only until 2999-12-31",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("whoami says %q, want %q", text, want)
		}
	}
	changed := strings.ReplaceAll(plainJob, "example/train", "example/other")
	stderr, err = applyIn(t, namespace, "replace", changed)
	if err := suite.Says(stderr, "it would be refused: spec: Forbidden: what a job runs cannot be changed after submission"); err != nil {
		t.Error(err)
	}
	worker, _ := mpijob.TemplateOf(product.Job(t, namespace, "plain"), mpijob.Worker)
	if err != nil || worker.Spec.Containers[0].Image != "example/other" {
		t.Errorf("the job was not changed: %v", err)
	}
	warnedOnlyIsOver(t, namespace, changed)
}

// warnedOnlyIsOver ends the time of a project, and then asserts what its jobs meet.
func warnedOnlyIsOver(t *testing.T, namespace, stored string) {
	t.Helper()
	project := &v1alpha1.Project{ObjectMeta: metav1.ObjectMeta{Name: "warned"}}
	if err := mergePatch(t, product.Client, project, `{"spec":{"warnOnlyUntil":"2020-02-29"}}`); err != nil {
		t.Fatal(err)
	}
	another := strings.Replace(stored, "name: plain", "name: another", 1)
	suite.Eventually(t, "jobs are judged", suite.Soon, func() error {
		stderr, err := applyIn(t, namespace, "create", strings.Replace(another, "another", "dry", 1))
		if err == nil {
			suite.Kubectl(t, product.User, "", "delete", "mpijob", "dry", "-n", namespace)
			return fmt.Errorf("admitted: %s", stderr)
		}
		return suite.Says(stderr, "nodeName: Forbidden: ", "run.ai/run-as-user")
	})
	stderr, err := applyIn(t, namespace, "replace", strings.ReplaceAll(stored, "example/other", "example/third"))
	if err == nil || !strings.Contains(stderr, "what a job runs cannot be changed after submission") {
		t.Errorf("a job from before: %v: %s", err, stderr)
	}
	for _, e := range allowedEdits {
		if err := mergePatch(t, product.Client, product.Job(t, namespace, "plain"), e.patch); err != nil {
			t.Errorf("%s of a job from before: %s", e.name, err)
		}
	}
	if stderr, err := applyIn(t, namespace, "apply", stored); err != nil {
		t.Errorf("the same manifest again: %s", stderr)
	}
	// A namespace can be given more time. A typo gives none.
	label := func(value string) {
		object := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}
		patch := fmt.Sprintf(`{"metadata":{"labels":{%q:%q}}}`, annotations.WarnOnlyUntilLabel, value)
		if err := mergePatch(t, product.Client, object, patch); err != nil {
			t.Fatal(err)
		}
	}
	create := func(name string) (string, error) {
		return applyIn(t, namespace, "create", strings.Replace(another, "another", name, 1))
	}
	label("2999-12-31")
	suite.Eventually(t, "the namespace has more time", suite.Soon, func() error {
		_, err := create("more-time")
		return err
	})
	label("2999-12-32")
	attempts := 0
	suite.Eventually(t, "a typo is not a date", suite.Soon, func() error {
		attempts++
		stderr, err := create(fmt.Sprintf("typo-%d", attempts))
		if err == nil {
			return fmt.Errorf("admitted: %s", stderr)
		}
		const warning = `Warning: namespace runai-warned: label run.ai/warn-only-until has the invalid value "2999-12-32"`
		return suite.Says(stderr, warning, "nodeName: Forbidden: ")
	})
}

// The API server accepts only dates.
func TestWarnOnlyUntilIsADate(t *testing.T) {
	for _, date := range []string{"soon", "2026-13-01", "2027-02-29", "2026-1-1", "2026-12-31T00:00:00Z", ""} {
		project := &v1alpha1.Project{ObjectMeta: metav1.ObjectMeta{Name: "warned-until"}}
		project.Spec.WarnOnlyUntil = date
		err := product.Client.Create(t.Context(), project)
		if date == "" { // is not written
			if err != nil {
				t.Error(err)
			}
			continue
		}
		if err := suite.Refused(err, "spec.warnOnlyUntil"); err != nil {
			t.Errorf("%s: %s", date, err)
		}
	}
}
