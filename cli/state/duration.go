package state

import (
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/duration"
)

// trainingTime returns how long the launcher's main container has run, "" if it has not started: the time of all
// attempts together, without the time that the job was pending, queued, suspended, pulling images or waiting for its
// workers. A suspension deletes the launcher, so only the time since the last one is known.
func (s Job) trainingTime(now time.Time) string {
	total, started := time.Duration(0), false
	for _, pod := range s.Pods {
		if !isLauncher(pod) {
			continue
		}
		if ran, hasRun := runTime(pod, now); hasRun {
			total, started = total+ran, true
		}
	}
	if !started {
		total, started = s.runTimeByConditions()
	}
	if !started {
		return ""
	}
	return duration.HumanDuration(total)
}

// runTime returns how long a pod's main container has run since it was started last.
func runTime(pod corev1.Pod, now time.Time) (ran time.Duration, hasRun bool) {
	main := mainContainer(pod)
	if main == nil {
		return 0, false
	}
	ended := main.State.Terminated
	if ended == nil {
		ended = main.LastTerminationState.Terminated
	}
	switch running := main.State.Running; {
	case running != nil:
		return now.Sub(running.StartedAt.Time), true
	case ended != nil && !ended.StartedAt.IsZero():
		return ended.FinishedAt.Sub(ended.StartedAt.Time), true
	}
	return 0, false
}

// runTimeByConditions returns how long a job ran that has ended and whose launcher no longer exists: the condition
// Running keeps the time of its beginning.
func (s Job) runTimeByConditions() (ran time.Duration, hasRun bool) {
	ended := s.MPIJob.Status.CompletionTime
	if ended == nil {
		return 0, false
	}
	for _, condition := range s.MPIJob.Status.Conditions {
		if condition.Type == v2beta1.JobRunning && condition.LastTransitionTime.Before(ended) {
			return ended.Sub(condition.LastTransitionTime.Time), true
		}
	}
	return 0, false
}
