package state

import (
	"cmp"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// nodeLost is the reason of a pod whose node does not answer.
const nodeLost = "NodeLost"

// PodStatus returns the status of a pod, as kubectl and the original name it.
func PodStatus(pod corev1.Pod) string {
	switch {
	case pod.DeletionTimestamp != nil && pod.Status.Reason == nodeLost:
		return "Unknown"
	case pod.DeletionTimestamp != nil && !hasEnded(pod):
		return "Terminating"
	}
	status := cmp.Or(pod.Status.Reason, string(pod.Status.Phase), string(corev1.PodPending))
	if isGated(pod) {
		status = corev1.PodReasonSchedulingGated
	}
	initial := initStatus(pod)
	if initial == "" || isInitialized(pod) {
		return mainStatus(pod, cmp.Or(initial, status))
	}
	return initial
}

func hasEnded(pod corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

func isGated(pod corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodScheduled && c.Reason == corev1.PodReasonSchedulingGated
	})
}

func isReady(pod corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// isInitialized reports whether the init containers have succeeded once: those of a pod whose sandbox was lost run again.
func isInitialized(pod corev1.Pod) bool {
	i := slices.IndexFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool { return c.Type == corev1.PodInitialized })
	return i >= 0 && pod.Status.Conditions[i].Status == corev1.ConditionTrue
}

// initStatus returns the status of the init container that keeps the others waiting, "" if none does.
func initStatus(pod corev1.Pod) string {
	i := blocking(pod)
	if i < 0 {
		return ""
	}
	state := pod.Status.InitContainerStatuses[i].State
	switch {
	case state.Terminated != nil:
		return "Init:" + endOf(*state.Terminated)
	case state.Waiting != nil && state.Waiting.Reason != "" && state.Waiting.Reason != "PodInitializing":
		return "Init:" + state.Waiting.Reason
	}
	return fmt.Sprintf("Init:%d/%d", i, len(pod.Spec.InitContainers))
}

// blocking returns the index of the first init container that keeps the others waiting, -1 for none.
func blocking(pod corev1.Pod) int {
	return slices.IndexFunc(pod.Status.InitContainerStatuses, func(container corev1.ContainerStatus) bool {
		ended := container.State.Terminated
		hasStarted := container.Started != nil && *container.Started
		hasSucceeded := ended != nil && ended.ExitCode == 0
		return !hasSucceeded && (!hasStarted || !isSidecar(pod, container.Name))
	})
}

// isSidecar reports whether an init container runs as long as the pod. The last one of a name counts.
func isSidecar(pod corev1.Pod, name string) bool {
	for _, container := range slices.Backward(pod.Spec.InitContainers) {
		if container.Name == name {
			return container.RestartPolicy != nil && *container.RestartPolicy == corev1.ContainerRestartPolicyAlways
		}
	}
	return false
}

// mainStatus returns what the first container that waits or has ended says, otherwise the status. A pod has completed
// only when all of its containers have.
func mainStatus(pod corev1.Pod, status string) string {
	said, failure, runs := "", "", false
	for _, container := range pod.Status.ContainerStatuses {
		waiting, ended := container.State.Waiting, container.State.Terminated
		switch {
		case waiting != nil && waiting.Reason != "":
			said = cmp.Or(said, waiting.Reason)
		case ended != nil:
			said = cmp.Or(said, endOf(*ended))
			if ended.ExitCode != 0 {
				failure = cmp.Or(failure, endOf(*ended))
			}
		case container.Ready && container.State.Running != nil:
			runs = true
		}
	}
	said = cmp.Or(said, status)
	switch {
	case said != "Completed":
		return said
	case runs && isReady(pod):
		return "Running"
	case failure != "":
		return failure
	case runs:
		return "NotReady"
	}
	return said
}

// endOf returns how a container ended.
func endOf(ended corev1.ContainerStateTerminated) string {
	switch {
	case ended.Reason != "":
		return ended.Reason
	case ended.Signal != 0:
		return fmt.Sprintf("Signal:%d", ended.Signal)
	}
	return fmt.Sprintf("ExitCode:%d", ended.ExitCode)
}

// Restarts returns how often the containers of a pod were started again, as kubectl counts: of a pod that is being
// initialized, its init containers up to the current one; later, the sidecars and the main containers.
func Restarts(pod corev1.Pod) int {
	inits, initializing := pod.Status.InitContainerStatuses, false
	if i := blocking(pod); i >= 0 {
		inits, initializing = inits[:i+1], !isInitialized(pod)
	}
	n := 0
	for _, container := range inits {
		if initializing || isSidecar(pod, container.Name) {
			n += int(container.RestartCount)
		}
	}
	if initializing {
		return n
	}
	for _, container := range pod.Status.ContainerStatuses {
		n += int(container.RestartCount)
	}
	return n
}
