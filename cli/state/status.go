package state

import (
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
		switch status := PodStatus(pod); status {
		case "Running", "Succeeded", "Completed":
		case "Pending", corev1.PodReasonSchedulingGated:
			worst = "Pending"
		default:
			return status
		}
	}
	return worst
}
