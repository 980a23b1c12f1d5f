package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/lab"
)

// addProject adds a project; where there is no node to run its jobs, the test is skipped.
func addProject(t *testing.T, name string, spec v1alpha1.ProjectSpec) (namespace string) {
	t.Helper()
	lab.Require(t)
	namespace, err := product.AddProject(t.Context(), name, spec)
	if err != nil {
		t.Fatal(err)
	}
	return namespace
}

// runai runs the real binary as a user, or with "" as the administrator.
func runai(t *testing.T, kubeconfig string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	if kubeconfig == "" {
		kubeconfig = product.Kubeconfig()
	}
	stdout, stderr, code, err := product.RunRunai(t.Context(), kubeconfig, args...)
	if err != nil {
		t.Fatal(err)
	}
	return stdout, stderr, code
}

// submit submits a job of an image that the node has already.
func submit(t *testing.T, kubeconfig string, args ...string) {
	t.Helper()
	args = append([]string{"submit-mpi", "--image-pull-policy=never"}, args...)
	if _, stderr, code := runai(t, kubeconfig, args...); code != 0 || stderr != "" {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
}

func get(t *testing.T, namespace, name string) *v2beta1.MPIJob {
	t.Helper()
	job := &v2beta1.MPIJob{}
	if err := product.Client.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: name}, job); err != nil {
		t.Fatal(err)
	}
	return job
}

// await waits until a job has ended, and tells how.
func await(t *testing.T, namespace, name string) v2beta1.JobConditionType {
	t.Helper()
	var end v2beta1.JobConditionType
	eventually(t, 3*time.Minute, name+" ends", func(context.Context) bool {
		for _, condition := range get(t, namespace, name).Status.Conditions {
			ended := condition.Type == v2beta1.JobSucceeded || condition.Type == v2beta1.JobFailed
			if ended && condition.Status == corev1.ConditionTrue {
				end = condition.Type
			}
		}
		return end != ""
	})
	return end
}

// output is what the ranks of a job that must succeed have written.
func output(t *testing.T, namespace, name string) string {
	t.Helper()
	end := await(t, namespace, name)
	stdout, stderr, _ := runai(t, "", "logs", name, "-n", namespace)
	if end != v2beta1.JobSucceeded {
		description, _, _ := runai(t, "", "describe", "job", name, "-n", namespace)
		t.Fatalf("%s: %s%s\n%s", end, stdout, stderr, description)
	}
	return stdout
}

func eventually(t *testing.T, timeout time.Duration, what string, holds func(context.Context) bool) {
	t.Helper()
	deadline := time.Now().Add(timeout)
	for !holds(t.Context()) {
		if time.Now().After(deadline) {
			description, _, _ := runai(t, "", "list", "-A")
			t.Fatalf("%s: not within %s\n%s", what, timeout, description)
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// fields reads lines of key=value words; other lines are passed over.
func fields(text string) []map[string]string {
	var all []map[string]string
	for line := range strings.Lines(text) {
		found := map[string]string{}
		for _, word := range strings.Fields(line) {
			if key, value, ok := strings.Cut(word, "="); ok {
				found[key] = value
			}
		}
		if found["rank"] != "" {
			all = append(all, found)
		}
	}
	return all
}
