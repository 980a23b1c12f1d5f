package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/lab"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// addProject adds a project, and skips the test on machines that cannot run a node. If the test fails, it logs
// the state of all jobs.
func addProject(t *testing.T, name string, spec v1alpha1.ProjectSpec) (namespace string) {
	t.Helper()
	lab.Require(t)
	t.Cleanup(func() {
		if t.Failed() {
			stdout, stderr, _, _ := product.RunRunai(context.WithoutCancel(t.Context()), product.Kubeconfig(), "list", "-A")
			t.Log(stdout + stderr)
		}
	})
	return product.AddProject(t, name, spec)
}

// submit submits a job with an image that the node already has, as a user, or as the administrator
// if kubeconfig is "".
func submit(t *testing.T, kubeconfig string, args ...string) {
	t.Helper()
	if kubeconfig == "" {
		kubeconfig = product.Kubeconfig()
	}
	args = append([]string{"submit-mpi", "--image-pull-policy=never"}, args...)
	if _, stderr, code := product.RunaiAs(t, kubeconfig, args...); code != 0 || stderr != "" {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
}

// await waits until a job has ended, and returns how.
func await(t *testing.T, namespace, name string) v2beta1.JobConditionType {
	t.Helper()
	var end v2beta1.JobConditionType
	defer func() {
		if end == "" {
			t.Log(described(t, namespace, name))
		}
	}()
	suite.Eventually(t, name+" ends", 3*time.Minute, func() error {
		conditions := product.Job(t, namespace, name).Status.Conditions
		for _, condition := range conditions {
			ended := condition.Type == v2beta1.JobSucceeded || condition.Type == v2beta1.JobFailed
			if ended && condition.Status == corev1.ConditionTrue {
				end = condition.Type
				return nil
			}
		}
		return fmt.Errorf("the conditions are %v", conditions)
	})
	return end
}

// output waits until a job has succeeded, and returns the output of its ranks.
func output(t *testing.T, namespace, name string) string {
	t.Helper()
	if end := await(t, namespace, name); end != v2beta1.JobSucceeded {
		t.Fatalf("%s: %s", end, described(t, namespace, name))
	}
	stdout, _, _ := product.Runai(t, "logs", name, "-n", namespace)
	return stdout
}

// described returns what runai says of a job.
func described(t *testing.T, namespace, name string) string {
	t.Helper()
	stdout, stderr, _ := product.Runai(t, "logs", name, "-n", namespace)
	description, _, _ := product.Runai(t, "describe", "job", name, "-n", namespace)
	return stdout + stderr + "\n" + description
}

// fields parses lines of key=value words, and ignores lines without a rank.
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
