package state

import (
	"testing"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

func ago(minutes int) metav1.Time {
	return metav1.NewTime(now.Add(-time.Duration(minutes) * time.Minute))
}

func runs(since int) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		state := corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: ago(since)}}
		p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "sidecar", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: ago(999)}}}, {Name: "mpi", State: state}}
	}
}

func ran(from, to int) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		ended := &corev1.ContainerStateTerminated{ExitCode: 1, StartedAt: ago(from), FinishedAt: ago(to)}
		p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "mpi", State: corev1.ContainerState{Terminated: ended}}}
	}
}

// Only the time that the launcher has run counts.
func TestTrainingTime(t *testing.T) {
	launcher := func(change func(*corev1.Pod)) corev1.Pod { return pod("dist1-launcher-a", "launcher", change) }
	wasRunning := func(status corev1.ConditionStatus, completed *metav1.Time) func(*v2beta1.MPIJob) {
		return func(job *v2beta1.MPIJob) {
			job.Status.Conditions = []v2beta1.JobCondition{{Type: v2beta1.JobRunning, Status: status, LastTransitionTime: ago(30)}}
			job.Status.CompletionTime = completed
		}
	}
	ended := ago(10)
	for _, test := range []struct {
		name string
		job  func(*v2beta1.MPIJob)
		pods []corev1.Pod
		want string
	}{
		{name: "pending"},
		{name: "waits for workers", pods: []corev1.Pod{launcher(nil), pod("dist1-worker-0", "worker", runs(50))}},
		{name: "runs", pods: []corev1.Pod{launcher(runs(20))}, want: "20m"},
		{name: "has failed", pods: []corev1.Pod{launcher(ran(50, 15))}, want: "35m"},
		{name: "runs again", pods: []corev1.Pod{launcher(ran(90, 60)), launcher(runs(20))}, want: "50m"},
		{name: "waits to run again in the same pod", pods: []corev1.Pod{launcher(func(p *corev1.Pod) {
			ran(50, 45)(p)
			status := &p.Status.ContainerStatuses[0]
			status.LastTerminationState, status.State = status.State, corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{}}
		})}, want: "5m"},
		{name: "was stopped before it started", pods: []corev1.Pod{launcher(func(p *corev1.Pod) {
			p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "mpi", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 137}}}}
		})}},
		{name: "has ended, and its pods are gone", job: wasRunning(corev1.ConditionFalse, &ended), want: "20m"},
		{name: "is suspended, and its pods are gone", job: wasRunning(corev1.ConditionFalse, nil)},
		{name: "has ended without running", job: func(job *v2beta1.MPIJob) { job.Status.CompletionTime = &ended }},
	} {
		job := mpijobtest.MakeMPIJob("dist1", "runai-a").Obj()
		start := ago(120)
		job.Status.StartTime = &start // when the operator created the pods
		if test.job != nil {
			test.job(job)
		}
		if got := New(job, test.pods).trainingTime(now); got != test.want {
			t.Errorf("a job that %s: got %q, want %q", test.name, got, test.want)
		}
	}
}
