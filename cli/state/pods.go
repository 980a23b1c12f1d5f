package state

import (
	"fmt"
	"slices"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
)

// FindPod returns the pod that a user means, or nil: by its name, by the end of the name that the job's pods do not
// share (launcher, worker-0), or by the index of a worker (0). Of several launchers it is the latest.
func (s Job) FindPod(word string) *corev1.Pod {
	if pod := s.Pod(word); pod != nil {
		return pod
	}
	i := slices.IndexFunc(s.Pods, func(pod corev1.Pod) bool {
		index := pod.Labels[v2beta1.ReplicaIndexLabel]
		if isLauncher(pod) {
			return word == roleOf(pod)
		}
		return word == index || word == roleOf(pod)+"-"+index
	})
	if i < 0 {
		return nil
	}
	return &s.Pods[i]
}

// mainContainer returns the status of a pod's main container, or nil if it has none yet.
func mainContainer(pod corev1.Pod) *corev1.ContainerStatus {
	if len(pod.Spec.Containers) == 0 {
		return nil
	}
	return containerStatus(pod, pod.Spec.Containers[0].Name)
}

// Attempt identifies a start of a pod's main container.
type Attempt struct {
	Pod      string
	Restarts int32
}

// AttemptOf returns the last start of a pod's main container.
func AttemptOf(pod corev1.Pod) Attempt {
	attempt := Attempt{Pod: pod.Name}
	if status := mainContainer(pod); status != nil {
		attempt.Restarts = status.RestartCount
	}
	return attempt
}

// An End says how an attempt ended. The code is not known if the pod is gone.
type End struct {
	Known bool
	Code  int
}

// String returns a part of a sentence whose subject is the pod.
func (e End) String() string {
	if !e.Known {
		return "was deleted"
	}
	return fmt.Sprintf("exited with code %d", e.Code)
}

// EndOf returns how an attempt ended, or nil if it goes on.
func (s Job) EndOf(attempt Attempt) *End {
	pod := s.Pod(attempt.Pod)
	if pod == nil {
		return &End{}
	}
	status := mainContainer(*pod)
	switch {
	case status == nil:
	case status.RestartCount == attempt.Restarts && status.State.Terminated != nil:
		return &End{true, int(status.State.Terminated.ExitCode)}
	case status.RestartCount > attempt.Restarts && status.LastTerminationState.Terminated != nil:
		return &End{true, int(status.LastTerminationState.Terminated.ExitCode)}
	}
	if pod.Status.Phase == corev1.PodFailed { // evicted, or its node is gone
		return &End{}
	}
	return nil
}
