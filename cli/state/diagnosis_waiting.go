package state

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/kai"
)

func suspendedJob(s Job, _ []corev1.Event) string {
	if !s.IsSuspended() {
		return ""
	}
	if s.KueueQueue() != "" {
		return queuedJob(s)
	}
	return fmt.Sprintf("the job was suspended by a user. Resume it with %s.", s.command("resume"))
}

func gatedPod(s Job, _ []corev1.Event) string {
	for _, pod := range s.current() {
		gates := pod.Spec.SchedulingGates
		switch {
		case slices.Contains(gates, corev1.PodSchedulingGate{Name: annotations.AdmissionGate}):
			return fmt.Sprintf("the webhook did not handle the job, so its pods never start. Delete it with %s "+
				"and submit it again with -p PROJECT.", s.command("delete job"))
		case len(gates) > 0:
			return fmt.Sprintf("pod %s has the scheduling gate %s. If it stays, ask your administrator.", pod.Name, gates[0].Name)
		}
	}
	return ""
}

// missingVolume explains why a pod waits for a volume. Only events have the reason.
func missingVolume(s Job, events []corev1.Event) string {
	for _, event := range slices.Backward(events) {
		if event.Reason != "FailedMount" && event.Reason != "FailedAttachVolume" {
			continue
		}
		for _, pod := range s.current() {
			if pod.Name == event.InvolvedObject.Name && pod.Status.Phase == corev1.PodPending {
				return fmt.Sprintf("pod %s cannot mount a volume: %s. Check that the claim, the Secret or the NFS server exists.",
					pod.Name, lastLine(event.Message))
			}
		}
	}
	return ""
}

func unschedulablePod(s Job, _ []corev1.Event) string {
	for _, pod := range s.current() {
		if message := notScheduled(pod); message != "" {
			message, _, _ = strings.Cut(message, " preemption:")
			message = trimmed(message)
			return fmt.Sprintf("no node can run pod %s: %s. %s.", pod.Name, message, remedyFor(message, pod))
		}
	}
	return ""
}

// notScheduled returns why a pod has no node, or "" if nothing said so. BindingError is a reason of KAI's.
func notScheduled(pod corev1.Pod) string {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodScheduled && condition.Status == corev1.ConditionFalse &&
			(condition.Reason == corev1.PodReasonUnschedulable || condition.Reason == "BindingError") {
			return condition.Message
		}
	}
	return ""
}

const waitForGPUs = "Wait until GPUs are free, or request fewer with --gpu or --processes"

// remedies has what to do about a message of the scheduler, by a part of the message. The first match counts.
var remedies = []struct{ part, remedy string }{
	{"unbound immediate PersistentVolumeClaims", "Check the claim and its storage class with 'kubectl describe pvc -n NAMESPACE'"},
	{"persistentvolumeclaim", "Check the claim with 'kubectl describe pvc -n NAMESPACE'"},
	{"Insufficient " + kai.WholeGPU, waitForGPUs},
	{"Insufficient memory", "Wait until memory is free, or request less with --memory"},
	{"Insufficient cpu", "Wait until CPUs are free, or request fewer with --cpu"},
	// KAI's messages, starting with those that a user can do something about.
	{"over quota", "Wait until other interactive jobs of the project end, or submit the job without --interactive"},
	{"reached the allowable limit", "Wait until other jobs of the project end, or request less with --gpu or --processes"},
	{"QueueDoesNotExist", "Ask your administrator to create the queue, or to set another one for the project"},
	{"resources: GPU memory", "Request less with --gpu-memory, or ask your administrator for GPUs with more memory"},
	{"resources: GPUs", waitForGPUs}, {"resource: GPUs", waitForGPUs}, {"of mig profile", waitForGPUs},
	{"resources: CPU cores", "Wait until CPUs are free, or request fewer with --cpu or --processes"},
	{"resources: memory", "Wait until memory is free, or request less with --memory or --processes"},
	{"node affinity/selector", "Use another --node-type, or ask your administrator for nodes of the project's node types"},
	{"untolerated taint", "Ask your administrator which nodes your project can use"},
	{"no nodes available", "Ask your administrator to add nodes"},
}

func remedyFor(message string, pod corev1.Pod) string {
	if remedy := knownRemedy(message); remedy != "" {
		return strings.Replace(remedy, "NAMESPACE", pod.Namespace, 1)
	}
	return fmt.Sprintf("See 'kubectl describe pod %s -n %s', or ask your administrator", pod.Name, pod.Namespace)
}

func knownRemedy(message string) string {
	for _, known := range remedies {
		if strings.Contains(strings.ToLower(message), strings.ToLower(known.part)) {
			return known.remedy
		}
	}
	return ""
}

// starting is the last diagnosis: nothing is known to be wrong.
func starting(s Job, _ []corev1.Event) string {
	switch {
	case s.Status() == "Terminating":
		return ""
	case len(s.Pods) == 0:
		return "the MPI Operator has not created the pods yet. If this takes more than a minute, ask your administrator " +
			"whether the MPI Operator is running."
	case s.Launcher() == nil:
		return "the launcher has not been created yet. It may be waiting for the workers."
	}
	return "the pods are starting."
}
