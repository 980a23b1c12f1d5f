package state

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// kueueQueueLabel is the label of a job that waits in a queue of Kueue.
const kueueQueueLabel = "kueue.x-k8s.io/queue-name"

// A Workload is a job as Kueue sees it. Only fields that are the same in all versions of its API are here.
type Workload struct {
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		Active *bool `json:"active"`
	} `json:"spec"`
	Status struct {
		Conditions []metav1.Condition `json:"conditions"`
	} `json:"status"`

	Place *PendingWorkload `json:"-"` // in the queue, nil if it is not known
}

// PendingWorkloads are the jobs that wait in a queue, in their order.
type PendingWorkloads struct {
	Items []PendingWorkload `json:"items"`
}

// A PendingWorkload is the place of a job in its queue, counted from 0.
type PendingWorkload struct {
	metav1.ObjectMeta      `json:"metadata"`
	PositionInClusterQueue int `json:"positionInClusterQueue"`
	PositionInLocalQueue   int `json:"positionInLocalQueue"`
}

// KueueQueue returns the queue of Kueue in which the job waits, or "". The label of the KAI scheduler does not mean
// that a job waits: every job has it, and its queue holds back the pods, not the job.
func (s Job) KueueQueue() string {
	if !s.IsSuspended() || s.IsFinished() || s.NoWorkload {
		return ""
	}
	return s.MPIJob.Labels[kueueQueueLabel]
}

// place returns where the job waits: at position 2 of queue research.
func (s Job) place() string {
	queue := s.KueueQueue()
	if s.Workload == nil || s.Workload.Place == nil {
		return "in queue " + queue
	}
	place := s.Workload.Place
	text := fmt.Sprintf("at position %d of queue %s", place.PositionInLocalQueue+1, queue)
	if place.PositionInClusterQueue != place.PositionInLocalQueue {
		text += fmt.Sprintf(" and %d of its cluster queue", place.PositionInClusterQueue+1)
	}
	return text
}

// queuedJob explains why Kueue does not start a job.
func queuedJob(s Job) string {
	sentence, again := "the job waits ", ""
	if why := s.Workload.stopped(); why != "" {
		sentence, again = fmt.Sprintf("the queue stopped the job: %s. It waits ", why), " again"
	}
	sentence += s.place()
	if why := s.Workload.waitsFor(); why != "" {
		sentence += ": " + why
	}
	if s.Workload == nil {
		return sentence + ". It starts when the queue admits it."
	}
	next := fmt.Sprintf("See 'kubectl describe workload %s -n %s'.", s.Workload.Name, s.MPIJob.Namespace)
	if active := s.Workload.Spec.Active; active != nil && !*active {
		return fmt.Sprintf("%s. Kueue will not start it%s: ask your administrator to activate workload %s. %s", sentence, again, s.Workload.Name, next)
	}
	return fmt.Sprintf("%s. It starts%s when the queue admits it. %s", sentence, again, next)
}

// waitsFor returns in Kueue's words why a workload does not start, or "". Until Kueue has tried to start a stopped job
// again, its words are why it was stopped.
func (w *Workload) waitsFor() string {
	if w == nil {
		return ""
	}
	kind := "QuotaReserved"
	if meta.IsStatusConditionTrue(w.Status.Conditions, kind) {
		kind = "Admitted" // it waits for an admission check
	}
	condition := meta.FindStatusCondition(w.Status.Conditions, kind)
	if condition == nil || condition.Status != metav1.ConditionFalse {
		return ""
	}
	if evicted := meta.FindStatusCondition(w.Status.Conditions, "Evicted"); evicted != nil && evicted.Message == condition.Message {
		return ""
	}
	return sentenceOf(condition.Message)
}

// stopped returns why Kueue stopped a job that ran, or "" if it did not.
func (w *Workload) stopped() string {
	if w == nil || !meta.IsStatusConditionTrue(w.Status.Conditions, "Evicted") {
		return ""
	}
	evicted := meta.FindStatusCondition(w.Status.Conditions, "Evicted")
	preempted := meta.FindStatusCondition(w.Status.Conditions, "Preempted")
	if evicted.Reason == "Preempted" && preempted != nil {
		return cmp.Or(preemptions[preempted.Reason], sentenceOf(preempted.Message))
	}
	return cmp.Or(sentenceOf(evicted.Message), evicted.Reason)
}

// preemptions has why Kueue stops a job for another one, by the reason of the condition Preempted.
var preemptions = map[string]string{
	"InClusterQueue":                "a job with a higher priority needed its resources",
	"InCohortReclamation":           "another queue took back the resources that it had lent",
	"InCohortFairSharing":           "another queue had less than its fair share",
	"InCohortReclaimWhileBorrowing": "another queue took back the resources that it had lent",
}

// sentenceOf returns a message on one line, without a full stop.
func sentenceOf(message string) string {
	return strings.TrimRight(strings.Join(strings.Fields(message), " "), ".: ")
}

// FindPlace sets the place of the workload in its queue, if it is among those that wait.
func (w *Workload) FindPlace(pending PendingWorkloads) {
	i := slices.IndexFunc(pending.Items, func(p PendingWorkload) bool { return p.Name == w.Name })
	if i >= 0 {
		w.Place = &pending.Items[i]
	}
}
