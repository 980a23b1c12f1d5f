package state

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

const podGroup = "pg-dist1-0b6c9e2f-5a0e-4a5c-9d0a-1f2e3d4c5b6a"

// ofPodGroup is an event of the PodGroup of the job, some time ago.
func ofPodGroup(reason, message string, ago time.Duration) corev1.Event {
	e := event("PodGroup", podGroup, "Normal", reason, message)
	e.LastTimestamp = metav1.NewTime(now.Add(-ago))
	return e
}

func ofPod(name, eventType, reason, message string, ago time.Duration) corev1.Event {
	e := event("Pod", name, eventType, reason, message)
	e.LastTimestamp = metav1.NewTime(now.Add(-ago))
	return e
}

// grouped is a pod that KAI has put into the PodGroup of its job.
func grouped(changes ...func(*corev1.Pod)) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Annotations, p.Spec.SchedulerName = map[string]string{"pod-group-name": podGroup}, "kai-scheduler"
		for _, change := range changes {
			change(p)
		}
	}
}

func onNode(p *corev1.Pod) { p.Spec.NodeName = "dgx1" }

// The messages are KAI's own, with what it says before and after the cause.
func TestDiagnoseKAI(t *testing.T) {
	const (
		noGPUs = "no nodes with enough resources were found: 3 node(s) didn't have enough resources: GPUs."
		mixed  = "no nodes with enough resources were found: 2 node(s) didn't match Pod's node affinity/selector. \n5 node(s) didn't have enough resources: GPUs."
		gangOf = "PodSchedulingErrors: Resources were found for %d pods while %d are required for gang scheduling. Additional pods cannot be scheduled due to: %s."
		wait   = ". Wait until GPUs are free, or request fewer with --gpu or --processes."
		again  = ". It starts again when enough resources are free."
		other  = "pg-dev1-11111111-2222-3333-4444-555555555555"
	)
	pods := func(change func(*corev1.Pod)) []corev1.Pod {
		return []corev1.Pod{pod("dist1-launcher-abcde", "launcher", change), pod("dist1-worker-0", "worker", change), pod("dist1-worker-1", "worker", change)}
	}
	waiting := pods(grouped())
	for _, test := range []struct {
		name   string
		job    func(*v2beta1.MPIJob)
		pods   []corev1.Pod
		events []corev1.Event
		want   string
	}{
		{name: "a gang without GPUs", pods: waiting, events: []corev1.Event{
			ofPodGroup("Unschedulable", fmt.Sprintf(gangOf, 2, 101, noGPUs), 0),
			ofPod("dist1-launcher-abcde", "Warning", "Unschedulable", noGPUs, 0),
		}, want: "Pending: the cluster has room for 2 of the 101 pods that must start together: 3 node(s) didn't have enough resources: GPUs" + wait},
		{name: "several reasons on several lines", pods: waiting, events: []corev1.Event{ofPodGroup("Unschedulable", fmt.Sprintf(gangOf, 0, 3, mixed), 0)},
			want: "Pending: the cluster has room for 0 of the 3 pods that must start together: 2 node(s) didn't match Pod's node affinity/selector. " +
				"5 node(s) didn't have enough resources: GPUs" + wait},
		{name: "no node of the type", pods: waiting, events: []corev1.Event{ofPodGroup("Unschedulable",
			fmt.Sprintf(gangOf, 0, 3, "no nodes with enough resources were found: 7 node(s) didn't match Pod's node affinity/selector."), 0)},
			want: "Pending: the cluster has room for 0 of the 3 pods that must start together: 7 node(s) didn't match Pod's node affinity/selector. " +
				"Use another --node-type, or ask your administrator for nodes of the project's node types."},
		{name: "by conditions, if nobody may read events", pods: []corev1.Pod{
			pod("dist1-launcher-abcde", "launcher", grouped(unschedulable("Unable to schedule pod"))), pod("dist1-worker-0", "worker", grouped(unschedulable(mixed))),
		}, want: "Pending: the pods of the job cannot be placed: 2 node(s) didn't match Pod's node affinity/selector. 5 node(s) didn't have enough resources: GPUs" + wait},
		{name: "a node pool", pods: waiting, events: []corev1.Event{ofPodGroup("Unschedulable", "Node-Pool 'default': "+fmt.Sprintf(gangOf, 1, 3, noGPUs), 0)},
			want: "Pending: the cluster has room for 1 of the 3 pods that must start together: 3 node(s) didn't have enough resources: GPUs" + wait},
		{name: "a topology", pods: waiting, events: []corev1.Event{ofPodGroup("Unschedulable",
			"Unable to schedule podgroup: 2 node-group(s) didn't have enough resources: GPUs. \nnode-group(s) didn't have enough resources: CPU cores.", 0)},
			want: "Pending: the pods of the job cannot be placed: 2 node-group(s) didn't have enough resources: GPUs. node-group(s) didn't have enough resources: CPU cores" + wait},
		{name: "detailed messages", pods: waiting, events: []corev1.Event{ofPodGroup("Unschedulable",
			"\nPodSchedulingErrors.\nResources were found for 1 pods while 3 are required for gang scheduling. Additional pods cannot be scheduled due to: "+noGPUs+".", 0)},
			want: "Pending: the cluster has room for 1 of the 3 pods that must start together: 3 node(s) didn't have enough resources: GPUs" + wait},
		{name: "the rest of a gang", pods: append([]corev1.Pod{pod("dist1-worker-9", "worker", grouped())}, pods(grouped(onNode))...), events: []corev1.Event{
			ofPodGroup("Unschedulable", "PodSchedulingErrors: Resources were not found for pod runai-a/dist1-worker-9 due to: "+noGPUs+".", 0)},
			want: "Pending: some pods of the job cannot be placed: 3 node(s) didn't have enough resources: GPUs" + wait},
		{name: "GPU memory", pods: waiting, events: []corev1.Event{ofPodGroup("Unschedulable",
			fmt.Sprintf(gangOf, 0, 3, "no nodes with enough resources were found: 3 node(s) didn't have enough resources: GPU memory."), 0)},
			want: "Pending: the cluster has room for 0 of the 3 pods that must start together: 3 node(s) didn't have enough resources: GPU memory. " +
				"Request less with --gpu-memory, or ask your administrator for GPUs with more memory."},
		{name: "CPUs", pods: waiting, events: []corev1.Event{ofPodGroup("Unschedulable",
			fmt.Sprintf(gangOf, 0, 3, "no nodes with enough resources were found: 3 node(s) didn't have enough resources: CPU cores."), 0)},
			want: "Pending: the cluster has room for 0 of the 3 pods that must start together: 3 node(s) didn't have enough resources: CPU cores. " +
				"Wait until CPUs are free, or request fewer with --cpu or --processes."},
		{name: "the quota of interactive jobs", pods: waiting, events: []corev1.Event{ofPodGroup("Unschedulable",
			"NonPreemptibleOverQuota: Non-preemptible workload is over quota. Workload requested 4 GPUs, but team-a quota is 2 GPUs, "+
				"while 2 GPUs are already allocated for non-preemptible pods. Use a preemptible workload to go over quota..", 0)},
			want: "Pending: the pods of the job cannot be placed: NonPreemptibleOverQuota: Non-preemptible workload is over quota. Workload requested 4 GPUs, " +
				"but team-a quota is 2 GPUs, while 2 GPUs are already allocated for non-preemptible pods. Use a preemptible workload to go over quota. " +
				"Wait until other interactive jobs of the project end, or submit the job without --interactive."},
		{name: "the limit of the queue", pods: waiting, events: []corev1.Event{ofPodGroup("Unschedulable",
			"OverLimit: team-a quota has reached the allowable limit of GPUs. Limit is 4 GPUs, currently 4 GPUs allocated and workload requested 2 GPUs.", 0)},
			want: "Pending: the pods of the job cannot be placed: OverLimit: team-a quota has reached the allowable limit of GPUs. Limit is 4 GPUs, " +
				"currently 4 GPUs allocated and workload requested 2 GPUs. Wait until other jobs of the project end, or request less with --gpu or --processes."},
		{name: "an unknown queue, newer releases", pods: waiting, events: []corev1.Event{ofPodGroup("Unschedulable", "QueueDoesNotExist: queue team-a does not exist.", 0)},
			want: "Pending: the pods of the job cannot be placed: QueueDoesNotExist: queue team-a does not exist. " +
				"Ask your administrator to create the queue, or to set another one for the project."},
		{name: "a queue without a parent", pods: pods(grouped(unschedulable("Unable to schedule pod"))),
			want: "Pending: the pods of the job cannot be placed: Unable to schedule pod. Ask your administrator whether queue team-a can run jobs."},
		{name: "no launcher replicas", pods: pods(func(p *corev1.Pod) { p.Spec.SchedulerName = "kai-scheduler" }), events: []corev1.Event{
			ofPod("dist1-worker-0", "Warning", "PodGrouperWarning", "the type of the job dist1 doesn't allow for 0 Launcher pods. Please fix the replica field", 0)},
			want: "Pending: the scheduler cannot group the job's pods: the type of the job dist1 doesn't allow for 0 Launcher pods. Please fix the replica field. " +
				"Delete the job with 'runai delete job dist1 -p a', set spec.mpiReplicaSpecs.Launcher.replicas to 1 or more, and submit it again."},
		{name: "no workers", pods: pods(nil), events: []corev1.Event{
			ofPod("dist1-launcher-abcde", "Warning", "PodGrouperWarning", "the type of the job dist1 doesn't have a Worker replica spec which is required. Please fix the replica field", 0)},
			want: "Pending: the scheduler cannot group the job's pods: the type of the job dist1 doesn't have a Worker replica spec which is required. " +
				"Please fix the replica field. Delete the job with 'runai delete job dist1 -p a', fix the cause and submit it again."},
		{name: "a warning that has passed", pods: waiting, events: []corev1.Event{
			ofPod("dist1-worker-0", "Warning", "PodGrouperWarning", `Pod "dist1-worker-0" not found`, 0)}, want: "Pending: the pods are starting."},
		{name: "preempted", pods: waiting, events: []corev1.Event{
			ofPod("dist1-worker-0", "Normal", "Scheduled", "Successfully assigned pod runai-a/dist1-worker-0 to node dgx1 at node-pool default", 10*time.Minute),
			ofPodGroup("Evict", "Pod runai-a/dist1-worker-0 was preempted by higher priority workload runai-b/"+other, time.Minute),
			ofPodGroup("Unschedulable", fmt.Sprintf(gangOf, 0, 3, noGPUs), 0),
		}, want: "Pending: the job was preempted by dev1 in namespace runai-b, which has a higher priority" + again},
		{name: "reclaimed", pods: waiting, events: []corev1.Event{
			ofPodGroup("Evict", "Pod runai-a/dist1-worker-0 was preempted by workload runai-b/"+other+
				". team-b uses <GPU: 0> with a quota of <GPU: 4>, fair-share of <GPU: 4> and queue priority of <100>.", time.Minute),
		}, want: "Pending: the job was preempted by dev1 in namespace runai-b, because the job's queue used more than its share" + again},
		{name: "reclaimed, and nothing more is said", pods: waiting, events: []corev1.Event{
			ofPodGroup("Evict", "Pod runai-a/dist1-worker-0 was preempted by workload runai-b/"+other+".", time.Minute),
		}, want: "Pending: the job was preempted by dev1 in namespace runai-b, because the job's queue used more than its share" + again},
		{name: "moved", pods: waiting, events: []corev1.Event{
			ofPodGroup("Evict", "Pod runai-a/dist1-worker-0 was preempted and rescheduled due to bin packing (resource consolidation) procedure", time.Minute),
		}, want: "Pending: the scheduler is moving the job to other nodes" + again},
		{name: "a gang that lost pods", pods: waiting, events: []corev1.Event{
			ofPodGroup("Evict", "Workload doesn't meet the minimum required number of pods (3), evicting remaining pod: runai-a/dist1-worker-0", time.Minute),
		}, want: "Pending: the job lost some of its pods, and the scheduler stopped the others" + again},
		{name: "while it is being evicted", pods: pods(grouped(onNode, func(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{Time: now} })), events: []corev1.Event{
			ofPodGroup("Evict", "Pod runai-a/dist1-worker-0 was preempted by higher priority workload runai-b/"+other, 0),
		}, want: "Terminating: the job was preempted by dev1 in namespace runai-b, which has a higher priority" + again},
		{name: "preempted, and has started again", pods: pods(grouped(onNode, waitingFor("ContainerCreating", ""))), events: []corev1.Event{
			ofPodGroup("Evict", "Pod runai-a/dist1-worker-0 was preempted by higher priority workload runai-b/"+other, 10*time.Minute),
			ofPod("dist1-worker-0", "Normal", "Scheduled", "Successfully assigned pod runai-a/dist1-worker-0 to node dgx1 at node-pool default", time.Minute),
		}, want: "ContainerCreating: the pods are starting."},
		{name: "preempted without retries", job: finished(v2beta1.JobFailed, "Job has reached the specified backoff limit"), events: []corev1.Event{
			ofPodGroup("Evict", "Pod runai-a/dist1-launcher-abcde was preempted by higher priority workload runai-b/"+other, time.Minute),
		}, want: "Failed: the job was preempted by dev1 in namespace runai-b, which has a higher priority, and it has no retries left. " +
			"Submit it again with 'runai resubmit dist1 -p a'."},
		{name: "failed long after it was preempted", job: finished(v2beta1.JobFailed, "Job has reached the specified backoff limit"), events: []corev1.Event{
			ofPodGroup("Evict", "Pod runai-a/dist1-launcher-abcde was preempted by higher priority workload runai-b/"+other, time.Hour),
			ofPod("dist1-worker-0", "Normal", "Scheduled", "Successfully assigned pod runai-a/dist1-worker-0 to node dgx1 at node-pool default", 50*time.Minute),
		}, want: "Failed: Job has reached the specified backoff limit. See 'runai logs dist1 -p a'."},
		{name: "pods that do not exist", pods: waiting, events: []corev1.Event{
			ofPodGroup("NotReady", "Job is not ready for scheduling. Waiting for 101 pods, currently 3 exist, 0 are gated", 0)},
			want: "Pending: the job has 3 of the 101 pods that must start together. If this takes more than a minute, see 'kubectl get events -n runai-a', or ask your administrator."},
		{name: "a node that refuses", pods: pods(func(p *corev1.Pod) {
			p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "BindingError",
				Message: "Failed to bind pod runai-a/dist1-worker-0 to node dgx1. timed out"}}
		}), want: "Pending: no node can run pod dist1-launcher-abcde: Failed to bind pod runai-a/dist1-worker-0 to node dgx1. timed out. " +
			"See 'kubectl describe pod dist1-launcher-abcde -n runai-a', or ask your administrator."},
	} {
		t.Run(test.name, func(t *testing.T) {
			job := mpijobtest.MakeMPIJob("dist1", "runai-a").Obj()
			job.UID, job.Labels = "0b6c9e2f-5a0e-4a5c-9d0a-1f2e3d4c5b6a", map[string]string{"kai.scheduler/queue": "team-a"}
			if test.job != nil {
				test.job(job)
			}
			s := New(job, test.pods)
			s.Flags = " -p a"
			if got := s.Diagnose(s.EventsOf(test.events)); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestMissingQueue(t *testing.T) {
	job := mpijobtest.MakeMPIJob("dist1", "runai-a").Obj()
	job.Labels = map[string]string{"kai.scheduler/queue": "team-a"}
	s := New(job, []corev1.Pod{pod("dist1-worker-0", "worker", grouped())})
	s.QueueMissing = true
	if got := s.Diagnose(nil); got != "Pending: queue team-a does not exist. Ask your administrator to create it." {
		t.Errorf("got %s", got)
	}
}

// Events of a hundred pods that say the same are one row, even if each names its pod. Events that one recorder
// counted and another repeated are added up.
func TestEqualEventsAreOneRow(t *testing.T) {
	job := mpijobtest.MakeMPIJob("dist1", "runai-a").Obj()
	var events []corev1.Event
	add := func(e corev1.Event, count int32, first, last time.Duration) {
		e.Count, e.FirstTimestamp, e.LastTimestamp = count, metav1.NewTime(now.Add(-first)), metav1.NewTime(now.Add(-last))
		events = append(events, e)
	}
	for i := range 100 {
		name := fmt.Sprintf("dist1-worker-%d", i)
		add(event("Pod", name, "Warning", "Unschedulable", "no nodes with enough resources were found: \n3 node(s) didn't have enough resources: GPUs."), 1, 5*time.Minute, 10*time.Second)
		add(event("Pod", name, "Normal", "Scheduled", "Successfully assigned pod runai-a/"+name+" to node dgx1"), 0, time.Minute, time.Minute)
	}
	add(event("PodGroup", podGroup, "Normal", "Unschedulable", "x"), 3, 2*time.Minute, time.Second)
	add(event("PodGroup", podGroup, "Normal", "Unschedulable", "x"), 2, 3*time.Minute, 2*time.Second)
	add(event("MPIJob", "dist1", "Normal", "MPIJobCreated", "MPIJob runai-a/dist1 is created."), 1, time.Hour, time.Hour)
	job.CreationTimestamp = metav1.NewTime(now.Add(-2 * time.Hour))
	job.UID = "0b6c9e2f-5a0e-4a5c-9d0a-1f2e3d4c5b6a"
	s := New(job, nil)
	var rows []string
	for _, row := range s.eventRows(s.EventsOf(events), now)[1:] {
		rows = append(rows, strings.Join(row, " | "))
	}
	want := []string{
		"mpijob/dist1 | Normal | 60m | [MPIJobCreated] MPIJob runai-a/dist1 is created.",
		"pod/dist1-worker-0 and 99 more | Normal | 60s (x100 over 60s) | [Scheduled] Successfully assigned pod runai-a/dist1-worker-0 to node dgx1",
		"pod/dist1-worker-0 and 99 more | Warning | 10s (x100 over 5m) | [Unschedulable] no nodes with enough resources were found: \n3 node(s) didn't have enough resources: GPUs.",
		"podgroup/" + podGroup + " | Normal | 1s (x5 over 3m) | [Unschedulable] x",
	}
	if strings.Join(rows, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(rows, "\n"), strings.Join(want, "\n"))
	}
}
