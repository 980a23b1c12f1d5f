package jobs

import (
	"slices"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
)

// A state is a job and its pods at one moment, launchers first.
type state struct {
	job   *v2beta1.MPIJob
	pods  []corev1.Pod
	flags string // the flags that select the job's scope in another command, with a space before each

	queueMissing bool // the job waits in a queue that does not exist
}

func newState(job *v2beta1.MPIJob, pods []corev1.Pod) state {
	s := state{job: job}
	for _, pod := range pods {
		if pod.Namespace == job.Namespace && pod.Labels[v2beta1.JobNameLabel] == job.Name {
			s.pods = append(s.pods, pod)
		}
	}
	slices.SortFunc(s.pods, func(a, b corev1.Pod) int {
		if isLauncher(a) != isLauncher(b) {
			return strings.Compare(roleOf(a), roleOf(b)) // launcher before worker
		}
		if isLauncher(a) {
			return b.CreationTimestamp.Compare(a.CreationTimestamp.Time) // the latest attempt first
		}
		return compareIndex(a, b)
	})
	return s
}

func compareIndex(a, b corev1.Pod) int {
	first, second := a.Labels[v2beta1.ReplicaIndexLabel], b.Labels[v2beta1.ReplicaIndexLabel]
	if len(first) != len(second) {
		return len(first) - len(second)
	}
	return strings.Compare(first, second)
}

func roleOf(pod corev1.Pod) string { return pod.Labels[v2beta1.JobRoleLabel] }

func isLauncher(pod corev1.Pod) bool { return roleOf(pod) == "launcher" }

// launcher returns the latest launcher, or nil.
func (s state) launcher() *corev1.Pod {
	if len(s.pods) > 0 && isLauncher(s.pods[0]) {
		return &s.pods[0]
	}
	return nil
}

// current returns the latest launcher and the workers.
func (s state) current() []corev1.Pod {
	var all []corev1.Pod
	for i, pod := range s.pods {
		if i == 0 || !isLauncher(pod) {
			all = append(all, pod)
		}
	}
	return all
}

func (s state) is(condition v2beta1.JobConditionType) bool { return s.condition(condition) != nil }

// condition returns the condition of a type if it is true, else nil.
func (s state) condition(condition v2beta1.JobConditionType) *v2beta1.JobCondition {
	for i, c := range s.job.Status.Conditions {
		if c.Type == condition && c.Status == corev1.ConditionTrue {
			return &s.job.Status.Conditions[i]
		}
	}
	return nil
}

func (s state) isFinished() bool { return s.is(v2beta1.JobSucceeded) || s.is(v2beta1.JobFailed) }

func (s state) isSuspended() bool {
	return s.job.Spec.RunPolicy.Suspend != nil && *s.job.Spec.RunPolicy.Suspend
}

func (s state) count(phase corev1.PodPhase) int {
	n := 0
	for _, pod := range s.current() {
		if pod.Status.Phase == phase {
			n++
		}
	}
	return n
}

func (s state) pod(name string) *corev1.Pod {
	i := slices.IndexFunc(s.pods, func(pod corev1.Pod) bool { return pod.Name == name })
	if i < 0 {
		return nil
	}
	return &s.pods[i]
}

func (s state) podNames() []string {
	names := make([]string, 0, len(s.pods))
	for _, pod := range s.pods {
		names = append(names, pod.Name)
	}
	return names
}

// hasStarted reports whether the main container runs or has run.
func hasStarted(pod corev1.Pod) bool {
	for _, container := range pod.Status.ContainerStatuses {
		if len(pod.Spec.Containers) > 0 && container.Name == pod.Spec.Containers[0].Name {
			return container.State.Running != nil || container.State.Terminated != nil || container.LastTerminationState.Terminated != nil
		}
	}
	return false
}
