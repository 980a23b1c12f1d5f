// Package state is what a job and its pods say at one moment: the status, the columns of tables, and why the job does
// not run. It reads no cluster.
package state

import (
	"slices"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// A Job is a job and its pods at one moment, launchers first.
type Job struct {
	MPIJob *v2beta1.MPIJob
	Pods   []corev1.Pod
	Flags  string // the flags that select the job's scope in another command, with a space before each

	QueueMissing bool      // the job waits in a queue of the KAI scheduler that does not exist
	Workload     *Workload // what Kueue says about the job, nil if that is not known
	NoWorkload   bool      // Kueue runs, and does not know the job
	LauncherLog  string    // the end of the log of [Job.FailedLauncher]
}

// New returns a job and those of the pods that are its own. It leaves out a pod without containers, which no API server
// stores and nothing can be done with.
func New(job *v2beta1.MPIJob, pods []corev1.Pod) Job {
	s := Job{MPIJob: job}
	for _, pod := range pods {
		if pod.Namespace == job.Namespace && pod.Labels[v2beta1.JobNameLabel] == job.Name && len(pod.Spec.Containers) > 0 && !isOlder(pod, job) {
			s.Pods = append(s.Pods, pod)
		}
	}
	slices.SortFunc(s.Pods, func(a, b corev1.Pod) int {
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

// NewAll returns jobs with their pods, as New does, and looks at each pod only once.
func NewAll(jobs []*v2beta1.MPIJob, pods []corev1.Pod) []Job {
	podsOf := map[types.NamespacedName][]corev1.Pod{}
	for _, pod := range pods {
		job := types.NamespacedName{Namespace: pod.Namespace, Name: pod.Labels[v2beta1.JobNameLabel]}
		podsOf[job] = append(podsOf[job], pod)
	}
	all := make([]Job, len(jobs))
	for i, job := range jobs {
		all[i] = New(job, podsOf[types.NamespacedName{Namespace: job.Namespace, Name: job.Name}])
	}
	return all
}

// isOlder reports whether a pod is of a former job of the same name, which was deleted: its pods take a while to end.
func isOlder(pod corev1.Pod, job *v2beta1.MPIJob) bool {
	return !pod.CreationTimestamp.IsZero() && pod.CreationTimestamp.Before(&job.CreationTimestamp)
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

// Launcher returns the latest launcher, or nil.
func (s Job) Launcher() *corev1.Pod {
	if len(s.Pods) > 0 && isLauncher(s.Pods[0]) {
		return &s.Pods[0]
	}
	return nil
}

// current returns the latest launcher and the workers.
func (s Job) current() []corev1.Pod {
	var all []corev1.Pod
	for i, pod := range s.Pods {
		if i == 0 || !isLauncher(pod) {
			all = append(all, pod)
		}
	}
	return all
}

func (s Job) is(condition v2beta1.JobConditionType) bool { return s.condition(condition) != nil }

// condition returns the condition of a type if it is true, else nil.
func (s Job) condition(condition v2beta1.JobConditionType) *v2beta1.JobCondition {
	for i, c := range s.MPIJob.Status.Conditions {
		if c.Type == condition && c.Status == corev1.ConditionTrue {
			return &s.MPIJob.Status.Conditions[i]
		}
	}
	return nil
}

// IsFinished reports whether the job has succeeded or failed.
func (s Job) IsFinished() bool { return s.is(v2beta1.JobSucceeded) || s.is(v2beta1.JobFailed) }

// HasFailed reports whether the job has failed.
func (s Job) HasFailed() bool { return s.is(v2beta1.JobFailed) }

// Command returns a command on the job that finds it again, in quotes: 'runai logs dist1 -p team-a'.
func (s Job) Command(verb string) string { return s.command(verb) }

// Outcome returns how the job ended, "" if it has not.
func (s Job) Outcome() string {
	switch {
	case s.is(v2beta1.JobSucceeded):
		return "Succeeded"
	case s.HasFailed():
		return "Failed"
	}
	return ""
}

// QueueOfLabel returns the queue of Kueue that the job is labelled with, or "", whether the job waits there or runs.
func (s Job) QueueOfLabel() string { return s.MPIJob.Labels[kueueQueueLabel] }

// IsSuspended reports whether the job has no pods because its manifest, its user or a queue says so.
func (s Job) IsSuspended() bool {
	return s.MPIJob.Spec.RunPolicy.Suspend != nil && *s.MPIJob.Spec.RunPolicy.Suspend
}

func (s Job) count(phase corev1.PodPhase) int {
	n := 0
	for _, pod := range s.current() {
		if pod.Status.Phase == phase {
			n++
		}
	}
	return n
}

// RunningPods returns how many pods run.
func (s Job) RunningPods() int { return s.count(corev1.PodRunning) }

// ExpectedPods returns how many pods run when the job does: the launcher and the workers.
func (s Job) ExpectedPods() int { return 1 + int(mpijob.Workers(s.MPIJob)) }

// Pod returns one of the job's pods, or nil.
func (s Job) Pod(name string) *corev1.Pod {
	i := slices.IndexFunc(s.Pods, func(pod corev1.Pod) bool { return pod.Name == name })
	if i < 0 {
		return nil
	}
	return &s.Pods[i]
}

// PodNames returns the names of the pods, launchers first.
func (s Job) PodNames() []string {
	names := make([]string, 0, len(s.Pods))
	for _, pod := range s.Pods {
		names = append(names, pod.Name)
	}
	return names
}

// HasStarted reports whether the main container runs or has run.
func HasStarted(pod corev1.Pod) bool {
	return len(pod.Spec.Containers) > 0 && HasContainerStarted(pod, pod.Spec.Containers[0].Name)
}
