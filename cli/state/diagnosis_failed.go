package state

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
)

func failedJob(s Job, events []corev1.Event) string {
	failed := s.condition(v2beta1.JobFailed)
	if failed == nil {
		return ""
	}
	if why := eviction(events); why != "" {
		return fmt.Sprintf("%s, and it has no retries left. Submit it again with %s.", why, s.command("resubmit"))
	}
	if why := s.outOfMemory(); why != "" {
		return why
	}
	if failed := s.failedInit(); failed != nil && !s.launcherHasStarted() {
		return "the job did not start: " + failed.explain(s)
	}
	message := lastLine(failed.Message)
	if code := exitCode(s.Launcher()); code != 0 && strings.Contains(message, "backoff limit") {
		message = fmt.Sprintf("the launcher exited with code %d", code)
		if attempts := s.attempts(); attempts > 1 {
			message += fmt.Sprintf(" after %d attempts", attempts)
		}
	}
	return fmt.Sprintf("%s. See %s.", message, s.command("logs"))
}

// attempts returns how often the launcher was started.
func (s Job) attempts() int {
	n := 0
	for _, pod := range s.Pods {
		if !isLauncher(pod) {
			continue
		}
		n++
		for _, container := range pod.Status.ContainerStatuses {
			n += int(container.RestartCount)
		}
	}
	return n
}

// exitCode returns the exit code of a pod's first container that failed, 0 if none did. A container that is started
// again has failed before.
func exitCode(pod *corev1.Pod) int32 {
	if pod == nil {
		return 0
	}
	for _, container := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		if ended := failureOf(container); ended != nil {
			return ended.ExitCode
		}
	}
	return 0
}

// failureOf returns how a container failed, or nil if it did not.
func failureOf(container corev1.ContainerStatus) *corev1.ContainerStateTerminated {
	ended := container.State.Terminated
	if ended == nil {
		ended = container.LastTerminationState.Terminated
	}
	if ended == nil || ended.ExitCode == 0 {
		return nil
	}
	return ended
}

// outOfMemory explains which container was killed for its use of memory, and what to do. It returns "" for none.
func (s Job) outOfMemory() string {
	for _, pod := range s.Pods {
		for _, container := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
			ended := failureOf(container)
			if ended == nil || ended.Reason != "OOMKilled" {
				continue
			}
			limit := "its memory limit"
			if quantity := memoryLimit(pod, container.Name); quantity != "" {
				limit += " of " + quantity
			}
			return fmt.Sprintf("container %s of pod %s exceeded %s. Submit the job again with a higher limit: %s. Then delete the old one with %s.",
				container.Name, pod.Name, limit, s.command("resubmit", "--memory-limit SIZE"), s.command("delete job"))
		}
	}
	return ""
}

// memoryLimit returns the memory limit of a container, "" if it has none.
func memoryLimit(pod corev1.Pod, name string) string {
	for _, container := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
		if limit, present := container.Resources.Limits[corev1.ResourceMemory]; present && container.Name == name {
			return limit.String()
		}
	}
	return ""
}

// FailedLauncher returns the latest launcher whose main container has failed, or nil if there is none, or if the job
// runs again or has succeeded.
func (s Job) FailedLauncher() *corev1.Pod {
	if status := s.Status(); status == "Running" || status == "Succeeded" {
		return nil
	}
	for i, pod := range s.Pods {
		if main := mainContainer(pod); isLauncher(pod) && main != nil && failureOf(*main) != nil {
			return &s.Pods[i]
		}
	}
	return nil
}

func (s Job) launcherHasStarted() bool {
	launcher := s.Launcher()
	return launcher != nil && HasStarted(*launcher)
}

// An initFailure says how an init container failed last.
type initFailure struct {
	pod       corev1.Pod
	container string
	ended     *corev1.ContainerStateTerminated
}

// failedInit returns the init container that keeps the job from starting, or nil. A worker's comes first: the
// launcher waits for the workers, and its own failure only says so.
func (s Job) failedInit() *initFailure {
	var found *initFailure
	for _, pod := range s.current() {
		if failed := initFailureOf(pod); failed != nil && pod.DeletionTimestamp == nil && (found == nil || isLauncher(found.pod)) {
			found = failed
		}
	}
	return found
}

func initFailureOf(pod corev1.Pod) *initFailure {
	for _, container := range pod.Status.InitContainerStatuses {
		if ended := failureOf(container); ended != nil {
			return &initFailure{pod: pod, container: container.Name, ended: ended}
		}
	}
	return nil
}

func (f initFailure) explain(s Job) string {
	why := lastWords(f.ended.Message)
	if why == "" {
		why = fmt.Sprintf("init container %s exited with code %d", f.container, f.ended.ExitCode)
	}
	if !isLauncher(f.pod) {
		why = fmt.Sprintf("pod %s: %s", f.pod.Name, why)
	}
	return fmt.Sprintf("%s. See 'kubectl logs %s -c %s -n %s'.", why, f.pod.Name, f.container, s.MPIJob.Namespace)
}

// crashedPod explains a worker that exited although it should wait, or a launcher that will be retried.
func crashedPod(s Job, _ []corev1.Event) string {
	if failed := s.failedInit(); failed != nil {
		return "the job has not started: " + failed.explain(s)
	}
	if why := s.outOfMemory(); why != "" {
		return why
	}
	for _, pod := range s.current() {
		for _, container := range pod.Status.ContainerStatuses {
			ended := failureOf(container)
			if ended == nil {
				continue
			}
			return fmt.Sprintf("container %s of pod %s exited with code %d. See %s.",
				container.Name, pod.Name, ended.ExitCode, s.command("logs", "--pod", pod.Name))
		}
	}
	return ""
}
