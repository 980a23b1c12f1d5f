package state

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestIsContainerOver(t *testing.T) {
	ended := func(code int32) corev1.ContainerState {
		return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code}}
	}
	waiting := corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}}
	for _, test := range []struct {
		name    string
		policy  corev1.RestartPolicy
		phase   corev1.PodPhase
		init    corev1.ContainerState
		main    corev1.ContainerState
		over    string // of i and m
		started string
	}{
		{"not started", "Never", "Pending", corev1.ContainerState{}, corev1.ContainerState{}, "", ""},
		{"initialized", "Always", "Pending", ended(0), corev1.ContainerState{}, "i", "i"},
		{"init failed, retried", "OnFailure", "Pending", ended(1), corev1.ContainerState{}, "", "i"},
		{"init failed", "Never", "Pending", ended(1), corev1.ContainerState{}, "i", "i"},
		{"failed beside a sidecar", "Never", "Running", ended(0), ended(1), "im", "im"},
		{"failed, retried", "OnFailure", "Running", ended(0), ended(1), "i", "im"},
		{"succeeded beside a sidecar", "OnFailure", "Running", ended(0), ended(0), "im", "im"},
		{"succeeded, started again", "Always", "Running", ended(0), ended(0), "i", "im"},
		{"crashing", "Always", "Running", ended(0), waiting, "i", "i"},
		{"evicted", "Always", "Failed", corev1.ContainerState{}, corev1.ContainerState{}, "im", ""},
	} {
		pod := corev1.Pod{
			Spec: corev1.PodSpec{
				RestartPolicy: test.policy, Containers: []corev1.Container{{Name: "m"}}, InitContainers: []corev1.Container{{Name: "i"}},
			},
			Status: corev1.PodStatus{
				Phase:                 test.phase,
				ContainerStatuses:     []corev1.ContainerStatus{{Name: "m", State: test.main}},
				InitContainerStatuses: []corev1.ContainerStatus{{Name: "i", State: test.init}},
			},
		}
		over, started := "", ""
		for _, name := range []string{"i", "m"} {
			if IsContainerOver(pod, name) {
				over += name
			}
			if HasContainerStarted(pod, name) {
				started += name
			}
		}
		if over != test.over || started != test.started {
			t.Errorf("%s: over %q, started %q", test.name, over, started)
		}
	}
}
