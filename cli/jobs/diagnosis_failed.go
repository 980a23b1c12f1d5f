package jobs

import (
	"fmt"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
)

func failedJob(s state, _ []corev1.Event) string {
	failed := s.condition(v2beta1.JobFailed)
	if failed == nil {
		return ""
	}
	for _, pod := range s.pods {
		if container := outOfMemory(pod); container != "" {
			return fmt.Sprintf("container %s of pod %s exceeded its memory limit. Submit the job again with a higher --memory-limit.",
				container, pod.Name)
		}
	}
	if why := initFailure(s.launcher()); why != "" {
		return why
	}
	message := lastLine(failed.Message)
	if code := exitCode(s.launcher()); code != 0 && strings.Contains(message, "backoff limit") {
		message = fmt.Sprintf("the launcher exited with code %d", code)
		if attempts := s.attempts(); attempts > 1 {
			message += fmt.Sprintf(" after %d attempts", attempts)
		}
	}
	return fmt.Sprintf("%s. See %s.", message, s.command("logs"))
}

// attempts returns how often the launcher was started.
func (s state) attempts() int {
	n := 0
	for _, pod := range s.pods {
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
	for _, container := range pod.Status.ContainerStatuses {
		if ended := container.State.Terminated; ended != nil && ended.Reason == "OOMKilled" {
			return container.Name
		}
	}
	return ""
}

// initFailure returns the last message of an init container that failed, "" if none did.
func initFailure(pod *corev1.Pod) string {
	if pod == nil {
		return ""
	}
	for _, container := range pod.Status.InitContainerStatuses {
		ended := container.State.Terminated
		if ended == nil || ended.ExitCode == 0 {
			continue
		}
		why := lastLine(ended.Message)
		if why == "" {
			why = fmt.Sprintf("init container %s exited with code %d", container.Name, ended.ExitCode)
		}
		return fmt.Sprintf("the job did not start: %s. See 'kubectl logs %s -c %s -n %s'.", why, pod.Name, container.Name, pod.Namespace)
	}
	return ""
}

// crashedPod explains a worker that exited although it should wait, or a launcher that will be retried.
func crashedPod(s state, _ []corev1.Event) string {
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
