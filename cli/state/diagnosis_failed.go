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
		return fmt.Sprintf("%s, and it has no retries left. Delete it with %s, and submit it again.", why, s.command("delete job"))
	}
	for _, pod := range s.Pods {
		if container := outOfMemory(pod); container != "" {
			return fmt.Sprintf("container %s of pod %s exceeded its memory limit. Submit the job again with a higher --memory-limit.",
				container, pod.Name)
		}
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

// exitCode returns the exit code of a pod's first container that failed, 0 if none did.
func exitCode(pod *corev1.Pod) int32 {
	if pod == nil {
		return 0
	}
	for _, container := range pod.Status.ContainerStatuses {
		if ended := container.State.Terminated; ended != nil && ended.ExitCode != 0 {
			return ended.ExitCode
		}
	}
	return 0
}

// outOfMemory returns the container of a pod that was killed for its use of memory, "" for none.
func outOfMemory(pod corev1.Pod) string {
	for _, container := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		if ended := container.State.Terminated; ended != nil && ended.Reason == "OOMKilled" {
			return container.Name
		}
	}
	return ""
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
		ended := container.State.Terminated
		if ended == nil {
			ended = container.LastTerminationState.Terminated
		}
		if ended != nil && ended.ExitCode != 0 {
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
	for _, pod := range s.current() {
		for _, container := range pod.Status.ContainerStatuses {
			ended := container.State.Terminated
			if ended == nil {
				ended = container.LastTerminationState.Terminated
			}
			if ended == nil || ended.ExitCode == 0 {
				continue
			}
			return fmt.Sprintf("container %s of pod %s exited with code %d. See %s.",
				container.Name, pod.Name, ended.ExitCode, s.command("logs", "--pod", pod.Name))
		}
	}
	return ""
}
