package matrix

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// A running is a cell that has been submitted.
type running struct {
	*cell
	job    *v2beta1.MPIJob
	output string
}

// submit makes the job with runai, edits it, and creates it as its user.
func (c *cell) submit(t *testing.T, ada *person) *running {
	t.Helper()
	args := []string{
		"submit-mpi", c.name, "-n", c.inNamespace(), "-i", imageOf[c.mpi][c.image], "--image-pull-policy=never",
		fmt.Sprintf("--backoff-limit=%d", c.retries), "--dry-run=client", "-o", "yaml",
		"-e", "TEXT=" + text, "-e", "SCRIPT=" + script, "-e", "TOKEN=SECRET:" + values + ",token",
	}
	if !slices.ContainsFunc(c.flags, func(flag string) bool { return strings.HasPrefix(flag, "--processes") }) {
		args = append(args, "--processes=2")
	}
	if c.as == anyUID || c.as == restricted {
		args = append(args, "--run-as-user")
	}
	if c.clones {
		args = append(args, "--git-sync", "source="+serveRepository(t)+",target=/code")
	}
	args = append(append(args, c.flags...), "--")
	stdout, stderr, code := product.RunaiAs(t, ada.user.Kubeconfig(), append(args, c.command()...)...)
	if code != 0 {
		t.Fatal(stderr)
	}
	job := &v2beta1.MPIJob{}
	if err := yaml.UnmarshalStrict([]byte(stdout), job); err != nil {
		t.Fatal(err)
	}
	if c.mpi == mpich {
		job.Spec.MPIImplementation = v2beta1.MPIImplementationMPICH
	}
	for _, replica := range job.Spec.MPIReplicaSpecs {
		main := &replica.Template.Spec.Containers[0]
		main.Env = append(main.Env, corev1.EnvVar{Name: "SETTING", ValueFrom: &corev1.EnvVarSource{
			ConfigMapKeyRef: &corev1.ConfigMapKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: values}, Key: "setting"},
		}})
	}
	if c.edit != nil {
		c.edit(job)
	}
	return &running{cell: c, job: suite.Create(t, ada.client, job)}
}

func (c *cell) inNamespace() string {
	switch {
	case c.namespace != "":
		return c.namespace
	case c.as == restricted:
		return "runai-restricted"
	default:
		return "runai-matrix"
	}
}

// await waits until the job has succeeded, and reads what its ranks printed.
func (r *running) await(t *testing.T) {
	t.Helper()
	var end v2beta1.JobConditionType
	suite.Eventually(t, r.name+" ends", 4*time.Minute, func() error {
		conditions := product.Job(t, r.job.Namespace, r.name).Status.Conditions
		for _, condition := range conditions {
			ended := condition.Type == v2beta1.JobSucceeded || condition.Type == v2beta1.JobFailed
			if ended && condition.Status == corev1.ConditionTrue {
				end = condition.Type
				return nil
			}
		}
		return fmt.Errorf("the conditions are %v", conditions)
	})
	stdout, stderr, _ := product.Runai(t, "logs", r.name, "-n", r.job.Namespace)
	r.output = stdout
	if end != v2beta1.JobSucceeded {
		t.Fatalf("%s: %s%s", end, stdout, stderr)
	}
}

// describe logs what users would see about a failed job.
func (r *running) describe(t *testing.T) {
	stdout, stderr, _ := product.Runai(t, "describe", "job", r.name, "-n", r.job.Namespace)
	t.Log(stdout + stderr)
}

func (r *running) delete(t *testing.T) {
	background := metav1.DeletePropagationBackground
	if err := product.Client.Delete(t.Context(), r.job, &client.DeleteOptions{PropagationPolicy: &background}); err != nil {
		t.Error(err)
	}
}

// pod returns a pod of the job: launcher, worker-0, ...
func (r *running) pod(t *testing.T, name string) *corev1.Pod {
	t.Helper()
	for _, pod := range product.Pods(t, r.job.Namespace, client.MatchingLabels{v2beta1.JobNameLabel: r.name}) {
		if strings.HasPrefix(pod.Name, r.name+"-"+name) {
			return &pod
		}
	}
	return &corev1.Pod{}
}
