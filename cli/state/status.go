package state

import (
	"fmt"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
)

// Status returns the status of the job, as the original names it.
func (s Job) Status() string {
	switch {
	case s.MPIJob.DeletionTimestamp != nil:
		return "Terminating"
	case s.is(v2beta1.JobSucceeded):
		return "Succeeded"
	case s.is(v2beta1.JobFailed):
		return "Failed"
	case s.IsSuspended():
		return "Suspended"
	case len(s.Pods) == 0:
		return "Pending"
	}
	worst := "Running"
	for _, pod := range s.current() {
		switch status := podStatus(pod); status {
		case "Running", "Succeeded", "Completed":
		case "Pending":
			worst = status
		default:
			return status
		}
	}
	return worst
}

// podStatus returns the status of a pod, as kubectl and the original name it.
func podStatus(pod corev1.Pod) string {
	switch {
	case pod.DeletionTimestamp != nil:
		return "Terminating"
	case pod.Status.Reason != "":
		return pod.Status.Reason // Evicted, NodeLost
	}
	if status := initStatus(pod); status != "" {
		return status
	}
	for _, container := range pod.Status.ContainerStatuses {
		if reason := stateReason(container.State); reason != "" {
			return reason
		}
	}
	if pod.Status.Phase == "" {
		return string(corev1.PodPending)
	}
	return string(pod.Status.Phase)
}

// initStatus returns the status of the first init container that has not succeeded, "" if all have.
func initStatus(pod corev1.Pod) string {
	for i, container := range pod.Status.InitContainerStatuses {
		switch terminated := container.State.Terminated; {
		case terminated != nil && terminated.ExitCode == 0:
			continue
		case terminated != nil:
			return "Init:" + terminated.Reason
		}
		if waiting := container.State.Waiting; waiting != nil && waiting.Reason != "" && waiting.Reason != "PodInitializing" {
			return "Init:" + waiting.Reason
		}
		return fmt.Sprintf("Init:%d/%d", i, len(pod.Spec.InitContainers))
	}
	return ""
}

func stateReason(state corev1.ContainerState) string {
	switch {
	case state.Waiting != nil:
		return state.Waiting.Reason
	case state.Terminated != nil && state.Terminated.ExitCode != 0:
		return state.Terminated.Reason
	}
	return ""
}
