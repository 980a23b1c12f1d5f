package jobs

import (
	"slices"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// A state is a job and its pods at one moment, the launcher's first.
type state struct {
	job  *v2beta1.MPIJob
	pods []corev1.Pod
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
			return b.CreationTimestamp.Compare(a.CreationTimestamp.Time) // the latest try first
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

// launcher is the latest launcher, if there is one.
func (s state) launcher() *corev1.Pod {
	if len(s.pods) > 0 && isLauncher(s.pods[0]) {
		return &s.pods[0]
	}
	return nil
}

// current are the pods that count: of several launchers the latest only.
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

// condition is the condition of a type that is true now.
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

// status is what the job is doing, in the words of the original.
func (s state) status() string {
	switch {
	case s.job.DeletionTimestamp != nil:
		return "Terminating"
	case s.is(v2beta1.JobSucceeded):
		return "Succeeded"
	case s.is(v2beta1.JobFailed):
		return "Failed"
	case s.isSuspended():
		return "Suspended"
	case len(s.pods) == 0:
		return "Pending"
	}
	worst := "Running"
	for _, pod := range s.current() {
		switch status := podStatus(pod); status {
		case "Running", "Succeeded", "Completed":
		case "Pending":
			worst = status
		default:
			return status
		}
	}
	return worst
}

// kind is the original's word for what the project's node affinity tells apart.
func (s state) kind() string {
	if s.job.Labels[annotations.InteractivePriorityLabel] == annotations.InteractivePriority {
		return "Interactive"
	}
	return "Train"
}

// node is where the pods are.
func (s state) node() string {
	node := ""
	for _, pod := range s.current() {
		switch {
		case pod.Spec.NodeName == "" || pod.Spec.NodeName == node:
		case node == "":
			node = pod.Spec.NodeName
		default:
			return "<multiple>"
		}
	}
	return node
}

func (s state) image() string {
	if launcher, present := mpijob.TemplateOf(s.job, mpijob.Launcher); present && launcher.Main() != nil {
		return launcher.Main().Image
	}
	return ""
}

// user is the one who submitted the job, as the API server authenticated her.
func (s state) user() string {
	stamp, err := annotations.ParseStamp(s.job.Annotations)
	if err != nil || stamp == nil {
		return ""
	}
	return stamp.Username
}

// runsAs is the identity that the webhook gave the job, "" for one that runs as its image or manifest says.
func (s state) runsAs() string {
	stamp, err := annotations.ParseStamp(s.job.Annotations)
	if err != nil || stamp == nil || stamp.Identity == nil {
		return ""
	}
	return stamp.Identity.String()
}
