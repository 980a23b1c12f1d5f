package state

import (
	"strings"

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
	return s.podsStatus()
}

// podsStatus returns the worst status of the pods: a problem comes before a pod that waits, and that before progress. A
// launcher that waits for its workers says nothing about them.
func (s Job) podsStatus() string {
	progress, waits := "Running", false
	for _, pod := range s.current() {
		switch status := PodStatus(pod); {
		case status == "Running" || status == "Succeeded" || status == "Completed":
		case status == "Pending" || status == corev1.PodReasonSchedulingGated:
			waits = true
		case isProgress(status):
			progress = status
		default:
			return status
		}
	}
	if waits {
		return "Pending"
	}
	return progress
}

// isProgress reports whether a pod starts, and nothing is known to be wrong: Init:0/1, for example.
func isProgress(status string) bool {
	done, isInit := strings.CutPrefix(status, "Init:")
	return isInit && strings.Contains(done, "/") || status == "PodInitializing" || status == "ContainerCreating"
}
