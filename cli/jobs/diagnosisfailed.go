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
		if killed := outOfMemory(pod); killed != "" {
			return fmt.Sprintf("The job failed: container %s of pod %s was killed for using more memory than its limit; "+
				"submit it with a higher --memory-limit.", killed, pod.Name)
		}
	}
	if why := initFailure(s.launcher()); why != "" {
		return "The job failed before it started: " + why + "."
	}
	return fmt.Sprintf("The job failed: %s; read its output with `runai logs %s`.",
		strings.TrimSuffix(lastLine(failed.Message), "."), s.job.Name)
}

func outOfMemory(pod corev1.Pod) string {
	for _, container := range pod.Status.ContainerStatuses {
		if ended := container.State.Terminated; ended != nil && ended.Reason == "OOMKilled" {
			return container.Name
		}
	}
	return ""
}

// initFailure is what an init container that failed said last.
func initFailure(pod *corev1.Pod) string {
	if pod == nil {
		return ""
	}
	for _, container := range pod.Status.InitContainerStatuses {
		if ended := container.State.Terminated; ended != nil && ended.ExitCode != 0 {
			if ended.Message != "" {
				return lastLine(ended.Message)
			}
			return fmt.Sprintf("its init container %s ended with exit code %d", container.Name, ended.ExitCode)
		}
	}
	return ""
}

// crashedPod is a worker that ends although it should wait, or a launcher that is tried again.
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
			return fmt.Sprintf("Container %s of pod %s ended with exit code %d (%s): read its output with `runai logs %s --pod %s`.",
				container.Name, pod.Name, ended.ExitCode, ended.Reason, s.job.Name, pod.Name)
		}
	}
	return ""
}
