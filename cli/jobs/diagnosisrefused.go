package jobs

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// refusedPods is told by events only: there are no pods that could tell it.
func refusedPods(_ state, events []corev1.Event) string {
	for _, event := range slices.Backward(events) {
		if event.Type != corev1.EventTypeWarning || event.InvolvedObject.Kind == "Pod" {
			continue
		}
		switch {
		case strings.Contains(event.Message, "exceeded quota"):
			return "The pods cannot be created, because the namespace's quota is used up: " + lastLine(event.Message) +
				"; ask for less, or wait until other jobs end."
		case strings.Contains(event.Message, "violates PodSecurity"):
			return "The pods are refused by the namespace's Pod Security: " + lastLine(event.Message) + "; submit the job with --run-as-user."
		case slices.Contains([]string{"FailedCreate", "MPIJobFailed", "ValidationError"}, event.Reason):
			return "The pods cannot be created: " + lastLine(event.Message) + "; delete the job, and submit it again without the cause."
		}
	}
	return ""
}

func refusedImage(s state, _ []corev1.Event) string {
	pod, container := waiting(s, "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull")
	if container.State.Waiting == nil {
		return ""
	}
	return fmt.Sprintf("Pod %s cannot get the image %s (%s): check its name and that the cluster may pull it, then submit the job again.",
		pod.Name, container.Image, container.State.Waiting.Reason)
}

func refusedContainer(s state, _ []corev1.Event) string {
	pod, container := waiting(s, "CreateContainerConfigError", "CreateContainerError", "RunContainerError")
	if container.State.Waiting == nil {
		return ""
	}
	return fmt.Sprintf("Container %s of pod %s cannot be created: %s; delete the job, and submit it again without the cause.",
		container.Name, pod.Name, strings.TrimSuffix(lastLine(container.State.Waiting.Message), "."))
}

// waiting returns the container of which a pod waits for one of the reasons.
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
