package state

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// refusedPods explains why there are no pods. Only events have the reason.
func refusedPods(s Job, events []corev1.Event) string {
	for _, event := range slices.Backward(events) {
		if event.Type != corev1.EventTypeWarning || event.InvolvedObject.Kind == "Pod" {
			continue
		}
		switch {
		case strings.Contains(event.Message, "exceeded quota"):
			return exceededQuota(s, lastLine(event.Message))
		case strings.Contains(event.Message, "violates PodSecurity"):
			_, why, _ := strings.Cut(lastLine(event.Message), "violates PodSecurity ")
			return fmt.Sprintf("the namespace's Pod Security Standard does not allow the pods: they violate %s. Delete the job with %s, "+
				"and submit it again without what the standard forbids, or with --run-as-user.", why, s.command("delete job"))
		case slices.Contains([]string{"FailedCreate", "MPIJobFailed", "ValidationError"}, event.Reason):
			return "the pods cannot be created: " + lastLine(event.Message) + fixAndResubmit(s)
		}
	}
	return ""
}

// exceededQuota explains a message such as "…: exceeded quota: gpus, requested: cpu=4, used: cpu=7, limited: cpu=8".
func exceededQuota(s Job, message string) string {
	_, why, _ := strings.Cut(message, "exceeded quota: ")
	name, amounts, _ := strings.Cut(why, ", ")
	return fmt.Sprintf("the pods exceed the quota of the namespace: %s. Request fewer resources, or wait until other jobs end. "+
		"See 'kubectl describe quota %s -n %s'.", amounts, name, s.MPIJob.Namespace)
}

func refusedImage(s Job, _ []corev1.Event) string {
	pod, container := waiting(s, "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull")
	if container.State.Waiting == nil {
		return ""
	}
	if container.State.Waiting.Reason == "ErrImageNeverPull" {
		return fmt.Sprintf("image %q is not on the node, and --image-pull-policy is Never. Delete the job with %s, "+
			"and submit it again with another --image-pull-policy.", container.Image, s.command("delete job"))
	}
	sentence := fmt.Sprintf("pod %s cannot pull the image %q", pod.Name, container.Image)
	if reason := pullFailure(container.State.Waiting.Message, container.Image); reason != "" {
		sentence += ": " + reason
	}
	return sentence + ". Check the image's name and the cluster's access to it. To submit the job again, delete it first with " +
		s.command("delete job") + "."
}

// pullFailure returns why an image cannot be pulled, without what each layer of the container runtime says before that.
func pullFailure(message, image string) string {
	message = lastLine(message)
	for _, before := range []string{"desc = ", image + `": `, image + ": "} {
		if _, why, found := cutLast(message, before); found {
			message = why
		}
	}
	return message
}

func refusedContainer(s Job, _ []corev1.Event) string {
	pod, container := waiting(s, "CreateContainerConfigError", "CreateContainerError", "RunContainerError")
	if container.State.Waiting == nil {
		return ""
	}
	return fmt.Sprintf("container %s of pod %s cannot be created: %s", container.Name, pod.Name,
		lastLine(container.State.Waiting.Message)) + fixAndResubmit(s)
}

func fixAndResubmit(s Job) string {
	return fmt.Sprintf(". Delete the job with %s, fix the cause and submit it again.", s.command("delete job"))
}

// waiting returns the first container that waits for one of the reasons, and its pod.
func waiting(s Job, reasons ...string) (pod corev1.Pod, container corev1.ContainerStatus) {
	for _, pod := range s.current() {
		for _, container := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
			if state := container.State.Waiting; state != nil && slices.Contains(reasons, state.Reason) {
				return pod, container
			}
		}
	}
	return corev1.Pod{}, corev1.ContainerStatus{}
}
