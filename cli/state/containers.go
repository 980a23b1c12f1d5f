package state

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// Launchers returns all attempts of the launcher, oldest first.
func (s Job) Launchers() []corev1.Pod {
	var all []corev1.Pod
	for _, pod := range slices.Backward(s.Pods) {
		if isLauncher(pod) {
			all = append(all, pod)
		}
	}
	return all
}

// ContainerNames returns the names of a pod's containers, main container first, init containers last.
func ContainerNames(pod corev1.Pod) []string {
	var names []string
	for _, container := range slices.Concat(pod.Spec.Containers, pod.Spec.InitContainers) {
		names = append(names, container.Name)
	}
	return names
}

// IsRunning reports whether a container of a pod runs, also an init container.
func IsRunning(pod corev1.Pod, name string) bool {
	status := containerStatus(pod, name)
	return status != nil && status.State.Running != nil
}

// HasContainerStarted reports whether a container runs or has run.
func HasContainerStarted(pod corev1.Pod, name string) bool {
	status := containerStatus(pod, name)
	return status != nil && (status.State.Running != nil || status.State.Terminated != nil || status.LastTerminationState.Terminated != nil)
}

// IsContainerOver reports whether a container has ended and will not be started again.
func IsContainerOver(pod corev1.Pod, name string) bool {
	if pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
		return true
	}
	status := containerStatus(pod, name)
	if status == nil || status.State.Terminated == nil {
		return false
	}
	succeeded := status.State.Terminated.ExitCode == 0
	isInit := slices.ContainsFunc(pod.Spec.InitContainers, func(c corev1.Container) bool { return c.Name == name })
	switch {
	case isInit && succeeded, pod.Spec.RestartPolicy == corev1.RestartPolicyNever:
		return true
	}
	return succeeded && pod.Spec.RestartPolicy == corev1.RestartPolicyOnFailure
}

// HasContainerEnded reports whether a container has ended. It may be started again.
func HasContainerEnded(pod corev1.Pod, name string) bool {
	status := containerStatus(pod, name)
	return status != nil && status.State.Terminated != nil
}

// WhyContainerWaits returns the reason why a container does not run at the moment, or "".
func WhyContainerWaits(pod corev1.Pod, name string) string {
	if status := containerStatus(pod, name); status != nil && status.State.Waiting != nil {
		return status.State.Waiting.Reason
	}
	return ""
}

// ContainerRestarts returns how often a container was started again.
func ContainerRestarts(pod corev1.Pod, name string) int {
	if status := containerStatus(pod, name); status != nil {
		return int(status.RestartCount)
	}
	return 0
}

func containerStatus(pod corev1.Pod, name string) *corev1.ContainerStatus {
	all := slices.Concat(pod.Status.ContainerStatuses, pod.Status.InitContainerStatuses)
	i := slices.IndexFunc(all, func(status corev1.ContainerStatus) bool { return status.Name == name })
	if i < 0 {
		return nil
	}
	return &all[i]
}
