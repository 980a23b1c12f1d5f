package policy

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

// What sshd takes is bounded: what is beyond it is kept by the worker, as far as it has the same, or lost.
func TestEnvironmentIsBounded(t *testing.T) {
	variables := func(n int) (env []corev1.EnvVar) {
		for i := range n {
			env = append(env, corev1.EnvVar{Name: fmt.Sprintf("V%d", i), Value: "v"})
		}
		return env
	}
	in := Input{Cluster: config.Default(), Project: &v1alpha1.Project{}}
	for _, test := range []struct {
		launcher, worker   int
		sent, kept, losing int
	}{
		{launcher: 100, sent: 100},
		{launcher: 101, sent: 100, losing: 1},
		{launcher: 300, worker: 200, sent: 100, kept: 100, losing: 100},
		{launcher: 20_000, worker: 20_000, sent: 100, kept: 500, losing: 19_400},
	} {
		job := mpijobtest.MakeMPIJob("a", "b").
			Template("Launcher", func(template *corev1.PodTemplateSpec) { template.Spec.Containers[0].Env = variables(test.launcher) }).
			Template("Worker", func(template *corev1.PodTemplateSpec) { template.Spec.Containers[0].Env = variables(test.worker) }).Obj()
		env := environmentOf(job, in)
		if len(env.sent) != test.sent || len(env.kept) != test.kept || len(env.lost) != test.losing {
			t.Errorf("%d and %d: %d sent, %d kept, %d lost", test.launcher, test.worker, len(env.sent), len(env.kept), len(env.lost))
		}
	}
}

// References may form a circle, or a chain as long as a job.
func TestEnvironmentOfReferences(t *testing.T) {
	env := []corev1.EnvVar{
		{Name: "A", Value: "$(B)"}, {Name: "B", Value: "$(A)"},
		{Name: "L0", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "status.podIP"}}},
	}
	for i := range 20_000 {
		env = append(env, corev1.EnvVar{Name: fmt.Sprintf("L%d", i+1), Value: fmt.Sprintf("$(L%d)", i)})
	}
	job := mpijobtest.MakeMPIJob("a", "b").
		Template("Launcher", func(template *corev1.PodTemplateSpec) { template.Spec.Containers[0].Env = env }).Obj()
	got := environmentOf(job, Input{Cluster: config.Default(), Project: &v1alpha1.Project{}})
	if fmt.Sprint(got.sent, got.kept, got.lost) != "[A B] [] []" {
		t.Errorf("got %d sent, %v", len(got.sent), got.sent[:min(len(got.sent), 5)])
	}
}

// A variable that is written alike in both roles has the value of each role if what it refers to differs.
func TestEnvironmentOfDifferentReferences(t *testing.T) {
	role := func(b string) func(*corev1.PodTemplateSpec) {
		return func(template *corev1.PodTemplateSpec) {
			template.Spec.Containers[0].Env = []corev1.EnvVar{
				{Name: "B", Value: b}, {Name: "A", Value: "$(B)"}, {Name: "C", Value: "$(A)"}, {Name: "D", Value: "$(E)"}, {Name: "E", Value: "$(D)"},
			}
		}
	}
	for worker, want := range map[string]string{"l": "[B A C D E]", "w": "[D E]"} {
		job := mpijobtest.MakeMPIJob("a", "b").Template("Launcher", role("l")).Template("Worker", role(worker)).Obj()
		got := environmentOf(job, Input{Cluster: config.Default(), Project: &v1alpha1.Project{}})
		if fmt.Sprint(got.sent) != want {
			t.Errorf("%s: got %v, want %s", worker, got.sent, want)
		}
	}
}
