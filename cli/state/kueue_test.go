package state

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

func workload(place *PendingWorkload, conditions ...metav1.Condition) *Workload {
	w := &Workload{Place: place}
	w.Name, w.Status.Conditions = "mpijob-dist1-0a1b2", conditions
	return w
}

func isNot(kind, message string) metav1.Condition {
	return metav1.Condition{Type: kind, Status: metav1.ConditionFalse, Message: message}
}

func is(kind, reason, message string) metav1.Condition {
	return metav1.Condition{Type: kind, Status: metav1.ConditionTrue, Reason: reason, Message: message}
}

// The longer the answer of Kueue, the more is said; without one, it is what was always said.
func TestQueuedJob(t *testing.T) {
	const (
		see  = " See 'kubectl describe workload mpijob-dist1-0a1b2 -n runai-a'."
		next = ". It starts when the queue admits it." + see
		more = "couldn't assign flavors to pod set launcher: insufficient unused quota for cpu in flavor default, 1 more needed"
	)
	first := &PendingWorkload{}
	inactive := workload(nil, is("Evicted", "DeactivatedDueToRequeuingLimitExceeded", "The workload is deactivated.\nIt was requeued too often."))
	inactive.Spec.Active = new(false)
	for _, test := range []struct {
		name         string
		workload     *Workload
		want, reason string
	}{
		{"no answer", nil, "the job waits in queue research. It starts when the queue admits it.", "waits in queue research"},
		{"no place", workload(nil), "the job waits in queue research" + next, "waits in queue research"},
		{"first", workload(first, isNot("QuotaReserved", more+".")), "the job waits at position 1 of queue research: " + more + next,
			"waits at position 1 of queue research"},
		{"behind jobs of other queues", workload(&PendingWorkload{PositionInLocalQueue: 1, PositionInClusterQueue: 6}),
			"the job waits at position 2 of queue research and 7 of its cluster queue" + next, "waits at position 2 of queue research and 7 of its cluster queue"},
		{"an admission check", workload(nil, is("QuotaReserved", "QuotaReserved", ""), isNot("Admitted", "The workload has not all checks ready")),
			"the job waits in queue research: The workload has not all checks ready" + next, "waits in queue research"},
		{"preempted", workload(first, is("Evicted", "Preempted", "Preempted to accommodate a workload (UID: x)"), is("Preempted", "InClusterQueue", "x"), isNot("QuotaReserved", more)),
			"the queue stopped the job: a job with a higher priority needed its resources. It waits at position 1 of queue research: " + more +
				". It starts again when the queue admits it." + see, "waits at position 1 of queue research"},
		{"preempted for another reason", workload(nil, is("Evicted", "Preempted", "x"), is("Preempted", "New", "Preempted by\nsomebody.")),
			"the queue stopped the job: Preempted by somebody. It waits in queue research. It starts again when the queue admits it." + see, "waits in queue research"},
		{"drained", workload(nil, is("Evicted", "ClusterQueueStopped", "The ClusterQueue is stopped"), is("Preempted", "InClusterQueue", "long ago"),
			isNot("QuotaReserved", "The ClusterQueue is stopped")),
			"the queue stopped the job: The ClusterQueue is stopped. It waits in queue research. It starts again when the queue admits it." + see,
			"waits in queue research"},
		{"deactivated", inactive, "the queue stopped the job: The workload is deactivated. It was requeued too often. It waits in queue research. " +
			"Kueue will not start it again: ask your administrator to activate workload mpijob-dist1-0a1b2." + see, "waits in queue research"},
	} {
		job := mpijobtest.MakeMPIJob("dist1", "runai-a").Label("kueue.x-k8s.io/queue-name", "research").Obj()
		job.Spec.RunPolicy.Suspend = new(true)
		s := New(job, nil)
		s.Workload = test.workload
		if got := s.Diagnose(nil); got != "Suspended: "+test.want {
			t.Errorf("%s:\ngot  %s\nwant Suspended: %s", test.name, got, test.want)
		}
		if got := s.Reason(); got != test.reason {
			t.Errorf("%s: got %s, want %s", test.name, got, test.reason)
		}
		s.Workload, s.NoWorkload = nil, true // a user suspended a job that Kueue does not manage
		if s.KueueQueue() != "" || s.Reason() != "suspended by a user" {
			t.Errorf("%s: %s, although Kueue does not know the job", test.name, s.Reason())
		}
	}
}

// Of a queue, only the job itself has a place.
func TestFindPlace(t *testing.T) {
	w := workload(nil)
	w.FindPlace(PendingWorkloads{Items: []PendingWorkload{{PositionInLocalQueue: 1}}})
	if w.Place != nil {
		t.Errorf("got %v", *w.Place)
	}
	pending := PendingWorkloads{Items: []PendingWorkload{{}, {PositionInLocalQueue: 1}}}
	pending.Items[1].Name = w.Name
	if w.FindPlace(pending); w.Place == nil || w.Place.PositionInLocalQueue != 1 {
		t.Errorf("got %v", w.Place)
	}
}
