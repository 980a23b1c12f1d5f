package state

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/shared/kai"
)

// ungroupedPods explains why the KAI scheduler does not put a pod into a PodGroup. Without one, the pod never starts.
func ungroupedPods(s Job, events []corev1.Event) string {
	for _, event := range slices.Backward(events) {
		if event.Reason != kai.PodGrouperWarning {
			continue
		}
		pod := s.Pod(event.InvolvedObject.Name)
		if pod == nil || pod.Spec.NodeName != "" || pod.Annotations[kai.PodGroupAnnotation] != "" {
			continue // it was grouped since
		}
		why := "the scheduler cannot group the job's pods: " + trimmed(event.Message)
		if match := noReplicas.FindStringSubmatch(event.Message); match != nil {
			return fmt.Sprintf("%s. Delete the job with %s, set spec.mpiReplicaSpecs.%s.replicas to 1 or more, and submit it again.",
				why, s.command("delete job"), match[1])
		}
		return why + fixAndResubmit(s)
	}
	return ""
}

var noReplicas = regexp.MustCompile(`doesn't allow for 0 (\S+) pods`)

// evictedGang explains which job took the place of a job that waits again.
func evictedGang(s Job, events []corev1.Event) string {
	why := eviction(events)
	if why == "" || !s.waits() {
		return ""
	}
	return why + ". It starts again when enough resources are free."
}

// eviction returns why KAI evicted the pods of a job, or "" if it did not, or if they have a node again.
func eviction(events []corev1.Event) string {
	for _, event := range slices.Backward(events) {
		switch {
		case event.Reason == kai.Scheduled && event.InvolvedObject.Kind == "Pod":
			return ""
		case event.Reason == kai.Evict && event.InvolvedObject.Kind == "PodGroup":
			return evictionBy(event.Message)
		}
	}
	return ""
}

var preemptor = regexp.MustCompile(`was preempted by (higher priority )?workload ([^/\s]+)/([^/\s]+?)\.?(?:\s|$)`)

func evictionBy(message string) string {
	match := preemptor.FindStringSubmatch(message)
	switch {
	case match != nil && match[1] != "":
		return fmt.Sprintf("the job was preempted by %s in namespace %s, which has a higher priority", kai.WorkloadOf(match[3]), match[2])
	case match != nil:
		return fmt.Sprintf("the job was preempted by %s in namespace %s, because the job's queue used more than its share", kai.WorkloadOf(match[3]), match[2])
	case strings.Contains(message, "bin packing"):
		return "the scheduler is moving the job to other nodes"
	case strings.Contains(message, "minimum required number of pods"):
		return "the job lost some of its pods, and the scheduler stopped the others"
	}
	return "the job was preempted: " + trimmed(message)
}

// unplacedGang explains why the pods of a PodGroup, which start together, do not start. It names none of them: which
// one the scheduler tried last means nothing.
func unplacedGang(s Job, events []corev1.Event) string {
	message := s.gangMessage(events)
	if message == "" || !s.waits() {
		return ""
	}
	sentence := "the pods of the job cannot be placed"
	if match := gang.FindStringSubmatch(message); match != nil {
		sentence = fmt.Sprintf("the cluster has room for %s of the %s pods that must start together", match[1], match[2])
		message = match[3]
	} else if match := lone.FindStringSubmatch(message); match != nil {
		sentence, message = "some pods of the job cannot be placed", match[1]
	}
	message = strings.TrimPrefix(message, "no nodes with enough resources were found: ")
	remedy := knownRemedy(message)
	switch {
	case remedy != "":
		remedy = strings.ReplaceAll(remedy, "NAMESPACE", s.MPIJob.Namespace)
	case strings.HasPrefix(message, "Unable to schedule pod"): // of a queue without a parent, for example
		remedy = fmt.Sprintf("Ask your administrator whether queue %s can run jobs", s.MPIJob.Labels[kai.QueueLabel])
	default:
		remedy = "Ask your administrator"
	}
	return fmt.Sprintf("%s: %s. %s.", sentence, trimmed(message), remedy)
}

var (
	gang = regexp.MustCompile(`Resources were found for (\d+) pods while (\d+) are required for gang scheduling\. Additional pods cannot be scheduled due to: (.*)`)
	lone = regexp.MustCompile(`Resources were not found for pod \S+ due to: (.*)`)
)

// gangMessage returns on one line why KAI does not schedule a job, from the last event of its PodGroup or from the
// most informative condition of a pod.
func (s Job) gangMessage(events []corev1.Event) string {
	for _, event := range slices.Backward(events) {
		if event.Reason == kai.Unschedulable && event.InvolvedObject.Kind == "PodGroup" {
			return trimmed(event.Message)
		}
	}
	said := ""
	for _, pod := range s.current() {
		message := notScheduled(pod)
		if pod.Annotations[kai.PodGroupAnnotation] != "" && message != "" && (said == "" || knownRemedy(said) == "" && knownRemedy(message) != "") {
			said = trimmed(message)
		}
	}
	return said
}

// incompleteGang explains that KAI waits for more pods than there are.
func incompleteGang(s Job, events []corev1.Event) string {
	for _, event := range slices.Backward(events) {
		if event.InvolvedObject.Kind != "PodGroup" {
			continue
		}
		match := incomplete.FindStringSubmatch(event.Message)
		if event.Reason != kai.NotReady || match == nil || !s.waits() {
			return ""
		}
		return fmt.Sprintf("the job has %s of the %s pods that must start together. If this takes more than a minute, "+
			"see 'kubectl get events -n %s', or ask your administrator.", match[2], match[1], s.MPIJob.Namespace)
	}
	return ""
}

var incomplete = regexp.MustCompile(`Waiting for (\d+) pods, currently (\d+) exist`)

// KAIQueue returns the queue in which a pod of the job waits for the KAI scheduler, or "".
func (s Job) KAIQueue() string {
	waits := slices.ContainsFunc(s.current(), func(pod corev1.Pod) bool { return isKAI(pod) && pod.Spec.NodeName == "" })
	if !waits {
		return ""
	}
	return s.MPIJob.Labels[kai.QueueLabel]
}

func missingQueue(s Job, _ []corev1.Event) string {
	if !s.QueueMissing {
		return ""
	}
	return fmt.Sprintf("queue %s does not exist. Ask your administrator to create it.", s.MPIJob.Labels[kai.QueueLabel])
}

// waits reports whether a pod has no node yet.
func (s Job) waits() bool {
	return slices.ContainsFunc(s.current(), func(pod corev1.Pod) bool { return pod.Spec.NodeName == "" || pod.DeletionTimestamp != nil }) || len(s.Pods) == 0
}

// isKAI reports whether a pod is scheduled by KAI.
func isKAI(pod corev1.Pod) bool {
	return pod.Spec.SchedulerName == kai.SchedulerName || pod.Annotations[kai.PodGroupAnnotation] != ""
}

// trimmed returns a message on one line, without what KAI says before the cause.
func trimmed(message string) string {
	message = strings.Join(strings.Fields(message), " ")
	message = nodePool.ReplaceAllString(message, "")
	for _, prefix := range []string{"PodSchedulingErrors: ", "PodSchedulingErrors. ", "Unable to schedule podgroup: "} {
		message = strings.TrimPrefix(message, prefix)
	}
	return strings.TrimRight(message, ".: ")
}

var nodePool = regexp.MustCompile(`^Node-Pool '[^']*': `)
