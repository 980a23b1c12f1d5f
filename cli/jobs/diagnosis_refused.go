package jobs

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// refusedPods explains why there are no pods. Only events have the reason.
func refusedPods(s state, events []corev1.Event) string {
	for _, event := range slices.Backward(events) {
		if event.Type != corev1.EventTypeWarning || event.InvolvedObject.Kind == "Pod" {
			continue
		}
		switch {
		case strings.Contains(event.Message, "exceeded quota"):
			return "the pods exceed the quota of the namespace: " + lastLine(event.Message) +
				". Request less, or wait until other jobs end."
		case strings.Contains(event.Message, "violates PodSecurity"):
			return "the Pod Security Standard of the namespace refuses the pods: " + lastLine(event.Message) +
				". Submit the job again with --run-as-user."
		case slices.Contains([]string{"FailedCreate", "MPIJobFailed", "ValidationError"}, event.Reason):
			return "the pods cannot be created: " + lastLine(event.Message) + fixAndResubmit(s)
		}
	}
	return ""
}

func refusedImage(s state, _ []corev1.Event) string {
	pod, container := waiting(s, "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull")
	if container.State.Waiting == nil {
		return ""
	}
	return fmt.Sprintf("pod %s cannot pull the image %s. Check its name and whether the cluster has access to it, then submit the job again.",
		pod.Name, container.Image)
}

func refusedContainer(s state, _ []corev1.Event) string {
	pod, container := waiting(s, "CreateContainerConfigError", "CreateContainerError", "RunContainerError")
	if container.State.Waiting == nil {
		return ""
	}
	return fmt.Sprintf("container %s of pod %s cannot be created: %s", container.Name, pod.Name,
		lastLine(container.State.Waiting.Message)) + fixAndResubmit(s)
}

func fixAndResubmit(s state) string {
	return fmt.Sprintf(". Delete the job with 'runai delete job %s', fix the cause and submit it again.", s.job.Name)
}

// waiting returns the first container that waits for one of the reasons, and its pod.
func waiting(s state, reasons ...string) (pod corev1.Pod, container corev1.ContainerStatus) {
	for _, pod := range s.current() {
		for _, container := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
			if state := container.State.Waiting; state != nil && slices.Contains(reasons, state.Reason) {
				return pod, container
			}
		}
	}
	return corev1.Pod{}, corev1.ContainerStatus{}
}
