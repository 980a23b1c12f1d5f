package jobs

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
)

// A diagnosis is one sentence: why a job is not running, and what to do. "" where there is none.
type diagnosis func(state, []corev1.Event) string

// diagnoses are asked in this order, the more certain before the more general.
var diagnoses = []diagnosis{
	failedJob, suspendedJob, gatedPod, refusedPods, refusedImage, refusedContainer, missingVolume, unschedulablePod, crashedPod, noPods,
}

// whyNotRunning returns a sentence for a job that neither runs nor has succeeded, "" for others.
func whyNotRunning(s state, events []corev1.Event) string {
	if status := s.status(); status == "Running" || status == "Succeeded" || status == "Terminating" {
		return ""
	}
	for _, diagnose := range diagnoses {
		if sentence := diagnose(s, events); sentence != "" {
			return sentence
		}
	}
	return ""
}

func failedJob(s state, _ []corev1.Event) string {
	failed := s.condition(v2beta1.JobFailed)
	if failed == nil {
		return ""
	}
	for _, pod := range s.pods {
		if killed := outOfMemory(pod); killed != "" {
			return fmt.Sprintf("The job failed: container %s of pod %s was killed for using more memory than its limit; submit it with a higher --memory-limit.", killed, pod.Name)
		}
	}
	if why := initFailure(s.launcher()); why != "" {
		return "The job failed before it started: " + why + "."
	}
	return fmt.Sprintf("The job failed: %s; read its output with `runai logs %s`.", strings.TrimSuffix(lastLine(failed.Message), "."), s.job.Name)
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

func suspendedJob(s state, _ []corev1.Event) string {
	if !s.isSuspended() {
		return ""
	}
	for _, label := range []string{"kueue.x-k8s.io/queue-name", "kai.scheduler/queue"} {
		if queue := s.job.Labels[label]; queue != "" {
			return fmt.Sprintf("The job is suspended and waits for its turn in queue %s: nothing needs to be done, unless the queue is stopped.", queue)
		}
	}
	return fmt.Sprintf("The job is suspended: resume it with `kubectl patch mpijob %s -n %s --type merge -p '{\"spec\":{\"runPolicy\":{\"suspend\":false}}}'`.", s.job.Name, s.job.Namespace)
}

func gatedPod(s state, _ []corev1.Event) string {
	for _, pod := range s.current() {
		gates := pod.Spec.SchedulingGates
		switch {
		case slices.Contains(gates, corev1.PodSchedulingGate{Name: annotations.AdmissionGate}):
			return "The job was never admitted: no webhook of runai-mpi took its scheduling gate off; delete it, and submit it again in a namespace of a project."
		case len(gates) > 0:
			return fmt.Sprintf("The scheduling gate %s holds pod %s back: what set it must take it off.", gates[0].Name, pod.Name)
		}
	}
	return ""
}

// refusedPods is told by events only: there are no pods that could tell it.
func refusedPods(_ state, events []corev1.Event) string {
	for _, event := range slices.Backward(events) {
		if event.Type != corev1.EventTypeWarning || event.InvolvedObject.Kind == "Pod" {
			continue
		}
		switch {
		case strings.Contains(event.Message, "exceeded quota"):
			return "The pods cannot be created, because the namespace's quota is used up: " + lastLine(event.Message) + "; ask for less, or wait until other jobs end."
		case strings.Contains(event.Message, "violates PodSecurity"):
			return "The pods are refused by the namespace's Pod Security: " + lastLine(event.Message) + "; submit the job with --run-as-user."
		case slices.Contains([]string{"FailedCreate", "MPIJobFailed", "ValidationError"}, event.Reason):
			return "The pods cannot be created: " + lastLine(event.Message) + "; delete the job, and submit it again without the cause."
		}
	}
	return ""
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

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndex(text, "\n")+1:]
}
