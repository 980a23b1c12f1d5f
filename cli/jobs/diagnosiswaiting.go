package jobs

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
)

func suspendedJob(s state, _ []corev1.Event) string {
	if !s.isSuspended() {
		return ""
	}
	for _, label := range []string{"kueue.x-k8s.io/queue-name", "kai.scheduler/queue"} {
		if queue := s.job.Labels[label]; queue != "" {
			return fmt.Sprintf("The job is suspended and waits for its turn in queue %s: "+
				"nothing needs to be done, unless the queue is stopped.", queue)
		}
	}
	return fmt.Sprintf("The job is suspended: resume it with "+
		"`kubectl patch mpijob %s -n %s --type merge -p '{\"spec\":{\"runPolicy\":{\"suspend\":false}}}'`.", s.job.Name, s.job.Namespace)
}

func gatedPod(s state, _ []corev1.Event) string {
	for _, pod := range s.current() {
		gates := pod.Spec.SchedulingGates
		switch {
		case slices.Contains(gates, corev1.PodSchedulingGate{Name: annotations.AdmissionGate}):
			return "The job was never admitted: no webhook of runai-mpi took its scheduling gate off; " +
				"delete it, and submit it again in a namespace of a project."
		case len(gates) > 0:
			return fmt.Sprintf("The scheduling gate %s holds pod %s back: what set it must take it off.", gates[0].Name, pod.Name)
		}
	}
	return ""
}

// missingVolume is told by the kubelet's events while the containers wait.
func missingVolume(s state, events []corev1.Event) string {
	for _, event := range slices.Backward(events) {
		if event.Reason != "FailedMount" && event.Reason != "FailedAttachVolume" {
			continue
		}
		for _, pod := range s.current() {
			if pod.Name == event.InvolvedObject.Name && pod.Status.Phase == corev1.PodPending {
				return fmt.Sprintf("Pod %s waits for a volume: %s; check what the job mounts.",
					pod.Name, strings.TrimSuffix(lastLine(event.Message), "."))
			}
		}
	}
	return ""
}

func unschedulablePod(s state, _ []corev1.Event) string {
	for _, pod := range s.current() {
		for _, condition := range pod.Status.Conditions {
			if condition.Type != corev1.PodScheduled || condition.Status != corev1.ConditionFalse ||
				condition.Reason != corev1.PodReasonUnschedulable {
				continue
			}
			message, _, _ := strings.Cut(condition.Message, " preemption:")
			message = strings.TrimSuffix(strings.TrimSpace(message), ".")
			return fmt.Sprintf("No node can take pod %s: %s; %s.", pod.Name, message, remedyFor(message))
		}
	}
	return ""
}

// remedies are what helps against what the scheduler says, by a part of it.
var remedies = []struct{ part, remedy string }{
	{"persistentvolumeclaim", "check the claim with `kubectl describe pvc`"},
	{"unbound immediate PersistentVolumeClaims", "check the claim and its storage class with `kubectl describe pvc`"},
	{"Insufficient " + string(gpuResource), "wait until GPUs are free, or ask for fewer with --gpu or --processes"},
	{"Insufficient memory", "wait, or ask for less with --memory"},
	{"Insufficient cpu", "wait, or ask for less with --cpu"},
	{"node affinity/selector", "ask your administrator for nodes of the project's node types, or choose another with --node-type"},
	{"untolerated taint", "ask your administrator which nodes are meant for your project"},
	{"no nodes available", "ask your administrator for nodes"},
}

func remedyFor(message string) string {
	for _, known := range remedies {
		if strings.Contains(strings.ToLower(message), strings.ToLower(known.part)) {
			return known.remedy
		}
	}
	return "wait, or ask your administrator"
}

// noPods is all that can be said before anything happened.
func noPods(s state, _ []corev1.Event) string {
	switch {
	case len(s.pods) == 0:
		return "The MPI Operator has not made the pods yet: if this lasts longer than a minute, ask your administrator whether it runs."
	case s.launcher() == nil:
		return "The launcher is not there yet: it is created with its workers, or when they are ready."
	}
	return "The pods are starting."
}
