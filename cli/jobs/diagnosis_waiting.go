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
			return fmt.Sprintf("the job waits in queue %s. It starts when the queue admits it.", queue)
		}
	}
	return fmt.Sprintf("spec.runPolicy.suspend is true. Resume the job with "+
		"`kubectl patch mpijob %s -n %s --type merge -p '{\"spec\":{\"runPolicy\":{\"suspend\":false}}}'`.", s.job.Name, s.job.Namespace)
}

func gatedPod(s state, _ []corev1.Event) string {
	for _, pod := range s.current() {
		gates := pod.Spec.SchedulingGates
		switch {
		case slices.Contains(gates, corev1.PodSchedulingGate{Name: annotations.AdmissionGate}):
			return fmt.Sprintf("the runai-mpi webhook did not admit the job, so its pods keep the scheduling gate %s. "+
				"Delete the job and submit it again in a namespace of a project.", annotations.AdmissionGate)
		case len(gates) > 0:
			return fmt.Sprintf("pod %s has the scheduling gate %s. The controller that set it must remove it.", pod.Name, gates[0].Name)
		}
	}
	return ""
}

// missingVolume explains why a pod waits for a volume. Only events have the reason.
func missingVolume(s state, events []corev1.Event) string {
	for _, event := range slices.Backward(events) {
		if event.Reason != "FailedMount" && event.Reason != "FailedAttachVolume" {
			continue
		}
		for _, pod := range s.current() {
			if pod.Name == event.InvolvedObject.Name && pod.Status.Phase == corev1.PodPending {
				return fmt.Sprintf("pod %s cannot mount a volume: %s. Check --volume and --pvc.", pod.Name, lastLine(event.Message))
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
			message = lastLine(message)
			return fmt.Sprintf("no node can run pod %s: %s. %s.", pod.Name, message, remedyFor(message))
		}
	}
	return ""
}

// remedies has what to do about a message of the scheduler, by a part of the message.
var remedies = []struct{ part, remedy string }{
	{"persistentvolumeclaim", "Check the claim with 'kubectl describe pvc'"},
	{"unbound immediate PersistentVolumeClaims", "Check the claim and its storage class with 'kubectl describe pvc'"},
	{"Insufficient " + string(gpuResource), "Wait until GPUs are free, or request fewer with --gpu or --processes"},
	{"Insufficient memory", "Wait until memory is free, or request less with --memory"},
	{"Insufficient cpu", "Wait until CPUs are free, or request fewer with --cpu"},
	{"node affinity/selector", "Use another --node-type, or ask your administrator for nodes of the project's node types"},
	{"untolerated taint", "Ask your administrator which nodes your project can use"},
	{"no nodes available", "Ask your administrator to add nodes"},
}

func remedyFor(message string) string {
	for _, known := range remedies {
		if strings.Contains(strings.ToLower(message), strings.ToLower(known.part)) {
			return known.remedy
		}
	}
	return "Wait, or ask your administrator"
}

// starting is the last diagnosis: nothing is known to be wrong.
func starting(s state, _ []corev1.Event) string {
	switch {
	case len(s.pods) == 0:
		return "the MPI Operator has not created the pods yet. If this takes more than a minute, ask your administrator whether it runs."
	case s.launcher() == nil:
		return "the launcher does not exist yet. It is created with the workers, or when they are ready."
	}
	return "the pods are starting."
}
