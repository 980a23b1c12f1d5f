package state

import (
	"fmt"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
)

// Reason returns in a few words why a job does not run, for a column of a table, "" if it runs or if nothing is known.
// It needs no events. With a [Workload] it says more.
func (s Job) Reason() string {
	switch {
	case s.is(v2beta1.JobFailed):
		return s.failedBecause()
	case s.MPIJob.DeletionTimestamp != nil || s.is(v2beta1.JobSucceeded):
		return ""
	case s.KueueQueue() != "":
		return "waits " + s.place()
	case s.IsSuspended():
		return "suspended by a user"
	case s.QueueMissing:
		return fmt.Sprintf("queue %s does not exist", s.queue())
	}
	for _, pod := range s.current() {
		if message := notScheduled(pod); message != "" {
			return shorten(schedulersReason(message))
		}
	}
	if failed := s.failedInit(); failed != nil {
		return fmt.Sprintf("init container %s failed", failed.container)
	}
	return ""
}

func (s Job) failedBecause() string {
	for _, pod := range s.Pods {
		for _, container := range pod.Status.ContainerStatuses {
			if ended := failureOf(container); ended != nil && ended.Reason == "OOMKilled" {
				return "out of memory"
			}
		}
	}
	if failed := s.failedInit(); failed != nil && !s.launcherHasStarted() {
		return fmt.Sprintf("init container %s failed", failed.container)
	}
	if code := exitCode(s.Launcher()); code != 0 {
		return fmt.Sprintf("exit code %d", code)
	}
	return s.condition(v2beta1.JobFailed).Reason
}

// schedulersReason returns the part of a scheduler's message that says what is missing.
func schedulersReason(message string) string {
	message, _, _ = strings.Cut(message, " preemption:")
	if _, missing, found := strings.Cut(message, " nodes are available: "); found {
		message = missing
	}
	return trimmed(message)
}
