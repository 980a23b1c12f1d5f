package state

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

var now = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

func pod(name, role string, change func(*corev1.Pod)) corev1.Pod {
	p := corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Name: name, Namespace: "runai-a", CreationTimestamp: metav1.NewTime(now.Add(-time.Minute)),
		Labels: map[string]string{v2beta1.JobNameLabel: "dist1", v2beta1.JobRoleLabel: role},
	}}
	p.Spec.Containers = []corev1.Container{{Name: "mpi", Image: "example/train"}}
	p.Status.Phase = corev1.PodPending
	if change != nil {
		change(&p)
	}
	return p
}

func waitingFor(reason, message string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		state := corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}
		p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "mpi", Image: "example/train", State: state}}
	}
}

func unschedulable(message string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable, Message: message}}
	}
}

func ended(code int32, reason string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		state := corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason}}
		p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "mpi", State: state}}
	}
}

func event(kind, name, eventType, reason, message string) corev1.Event {
	return corev1.Event{
		InvolvedObject: corev1.ObjectReference{Kind: kind, Name: name}, Type: eventType, Reason: reason, Message: message,
		LastTimestamp: metav1.NewTime(now),
	}
}

func finished(condition v2beta1.JobConditionType, message string) func(*v2beta1.MPIJob) {
	return func(job *v2beta1.MPIJob) {
		job.Status.Conditions = []v2beta1.JobCondition{{Type: condition, Status: corev1.ConditionTrue, Message: message}}
	}
}

func TestDiagnose(t *testing.T) {
	worker := func(change func(*corev1.Pod)) []corev1.Pod {
		return []corev1.Pod{pod("dist1-worker-0", "worker", change)}
	}
	for _, test := range []struct {
		name   string
		job    func(*v2beta1.MPIJob)
		pods   []corev1.Pod
		events []corev1.Event
		status string
		want   string
	}{
		{name: "nothing yet", status: "Pending", want: "Pending: the MPI Operator has not created the pods yet."},
		{name: "no GPU", pods: worker(unschedulable("0/2 nodes are available: 2 Insufficient nvidia.com/gpu. preemption: 0/2 nodes are available.")),
			status: "Pending", want: "Pending: no node can run pod dist1-worker-0: 0/2 nodes are available: 2 Insufficient nvidia.com/gpu. Wait until GPUs are free, or request fewer with --gpu or --processes."},
		{name: "no node of the type", pods: worker(unschedulable("0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.")),
			status: "Pending", want: "Pending: no node can run pod dist1-worker-0: 0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. Use another --node-type, or ask your administrator for nodes of the project's node types."},
		{name: "no claim", pods: worker(unschedulable(`persistentvolumeclaim "mine" not found`)),
			status: "Pending", want: `Pending: no node can run pod dist1-worker-0: persistentvolumeclaim "mine" not found. Check the claim with 'kubectl describe pvc -n runai-a'.`},
		{name: "an unbound claim", pods: worker(unschedulable("pod has unbound immediate PersistentVolumeClaims. preemption: no.")), status: "Pending",
			want: "Pending: no node can run pod dist1-worker-0: pod has unbound immediate PersistentVolumeClaims. Check the claim and its storage class with 'kubectl describe pvc -n runai-a'."},
		{name: "another reason", pods: worker(unschedulable("0/1 nodes are available: 1 x.")), status: "Pending",
			want: "Pending: no node can run pod dist1-worker-0: 0/1 nodes are available: 1 x. See 'kubectl describe pod dist1-worker-0 -n runai-a', or ask your administrator."},
		{name: "no image", pods: worker(waitingFor("ErrImagePull", "example/train: not found")), status: "ErrImagePull",
			want: `ErrImagePull: pod dist1-worker-0 cannot pull the image "example/train": not found. ` +
				"Check the image's name and the cluster's access to it. To submit the job again, delete it first with 'runai delete job dist1 -p a'."},
		{name: "no image on the node", pods: worker(waitingFor("ErrImageNeverPull", "")), status: "ErrImageNeverPull",
			want: `ErrImageNeverPull: image "example/train" is not on the node, and --image-pull-policy is Never. ` +
				"Delete the job with 'runai delete job dist1 -p a', and submit it again with another --image-pull-policy."},
		{name: "no Secret", pods: worker(waitingFor("CreateContainerConfigError", `secret "token" not found`)), status: "CreateContainerConfigError",
			want: `CreateContainerConfigError: container mpi of pod dist1-worker-0 cannot be created: secret "token" not found. Delete the job with 'runai delete job dist1 -p a', fix the cause and submit it again.`},
		{name: "no volume", pods: worker(waitingFor("ContainerCreating", "")), status: "ContainerCreating",
			events: []corev1.Event{event("Pod", "dist1-worker-0", "Warning", "FailedMount", "MountVolume.SetUp failed: mount.nfs: no route to host.")},
			want:   "ContainerCreating: pod dist1-worker-0 cannot mount a volume: MountVolume.SetUp failed: mount.nfs: no route to host. Check that the claim, the Secret or the NFS server exists."},
		{name: "Pod Security", status: "Pending",
			events: []corev1.Event{event("MPIJob", "dist1", "Warning", "MPIJobFailed", `worker pod created failed: pods "dist1-worker-0" is forbidden: violates PodSecurity "restricted:latest"`)},
			want: `Pending: the namespace's Pod Security Standard does not allow the pods: they violate "restricted:latest". ` +
				"Delete the job with 'runai delete job dist1 -p a', and submit it again without what the standard forbids, or with --run-as-user."},
		{name: "the operator's own verdict", status: "Pending", events: []corev1.Event{event("MPIJob", "dist1", "Warning", "ValidationError", "Found validation errors: x")},
			want: "Pending: the pods cannot be created: Found validation errors: x. Delete the job with 'runai delete job dist1 -p a', fix the cause and submit it again."},
		{name: "a worker that ends", pods: worker(ended(255, "Error")), status: "Error",
			want: "Error: container mpi of pod dist1-worker-0 exited with code 255. See 'runai logs dist1 --pod dist1-worker-0 -p a'."},
		{name: "failed", job: finished(v2beta1.JobFailed, "Job has reached the specified backoff limit: "), status: "Failed",
			want: "Failed: Job has reached the specified backoff limit. See 'runai logs dist1 -p a'."},
		{name: "failed at once", job: finished(v2beta1.JobFailed, "Job has reached the specified backoff limit: "), status: "Failed",
			pods: []corev1.Pod{pod("dist1-launcher-a", "launcher", ended(1, "Error"))},
			want: "Failed: the launcher exited with code 1. See 'runai logs dist1 -p a'."},
		{name: "failed after retries", job: finished(v2beta1.JobFailed, "Job has reached the specified backoff limit: "), status: "Failed",
			pods: []corev1.Pod{pod("dist1-launcher-a", "launcher", ended(1, "Error")), pod("dist1-launcher-b", "launcher", ended(1, "Error"))},
			want: "Failed: the launcher exited with code 1 after 2 attempts. See 'runai logs dist1 -p a'."},
		{name: "failed by its deadline", job: finished(v2beta1.JobFailed, "Job was active longer than specified deadline"), status: "Failed",
			pods: []corev1.Pod{pod("dist1-launcher-a", "launcher", ended(137, "Error"))},
			want: "Failed: Job was active longer than specified deadline. See 'runai logs dist1 -p a'."},
		{name: "out of memory", job: finished(v2beta1.JobFailed, "x"), pods: worker(ended(137, "OOMKilled")), status: "Failed",
			want: "Failed: container mpi of pod dist1-worker-0 exceeded its memory limit. Submit the job again with a higher limit: 'runai resubmit dist1 --memory-limit SIZE -p a'. " +
				"Then delete the old one with 'runai delete job dist1 -p a'."},
		{name: "an init container that failed", job: finished(v2beta1.JobFailed, "x"), status: "Failed",
			pods: []corev1.Pod{pod("dist1-launcher-abcde", "launcher", func(p *corev1.Pod) {
				state := corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1, Message: "no such branch\n"}}
				p.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "fetch", State: state}}
			})},
			want: "Failed: the job did not start: no such branch. See 'kubectl logs dist1-launcher-abcde -c fetch -n runai-a'."},
		{name: "a worker's clone that failed", job: finished(v2beta1.JobFailed, "x"), status: "Failed",
			pods: []corev1.Pod{
				pod("dist1-launcher-abcde", "launcher", initEnded("runai-start-gate", 1, "dist1-worker-0 has failed")),
				pod("dist1-worker-0", "worker", initEnded("runai-git-sync", 1, gitSyncLog("fatal: couldn't find remote ref x\n"))),
			},
			want: "Failed: the job did not start: pod dist1-worker-0: couldn't find remote ref x. See 'kubectl logs dist1-worker-0 -c runai-git-sync -n runai-a'."},
		{name: "a worker that was deleted with the job", job: finished(v2beta1.JobFailed, "x"), status: "Failed",
			pods: []corev1.Pod{
				pod("dist1-launcher-abcde", "launcher", initEnded("runai-git-sync", 1, "git did not finish within 30 s")),
				pod("dist1-worker-0", "worker", func(p *corev1.Pod) {
					initEnded("runai-git-sync", 143, "")(p)
					p.DeletionTimestamp = &metav1.Time{}
				}),
			},
			want: "Failed: the job did not start: git did not finish within 30 s. See 'kubectl logs dist1-launcher-abcde "},
		{name: "a worker of an elastic job", job: finished(v2beta1.JobFailed, "Job has reached the specified backoff limit"), status: "Failed",
			pods: []corev1.Pod{
				pod("dist1-launcher-abcde", "launcher", ended(3, "Error")),
				pod("dist1-worker-0", "worker", initEnded("runai-git-sync", 1, "git did not finish within 30 s")),
			},
			want: "Failed: the launcher exited with code 3. "},
		{name: "a clone that will be tried again", status: "Init:CrashLoopBackOff",
			pods: []corev1.Pod{pod("dist1-launcher-abcde", "launcher", func(p *corev1.Pod) {
				initEnded("runai-git-sync", 1, gitSyncLog("fatal: Authentication failed for 'https://h/c/'\n"))(p)
				status := &p.Status.InitContainerStatuses[0]
				status.LastTerminationState, status.State = status.State, corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}}
			})},
			want: "Init:CrashLoopBackOff: the job has not started: Authentication failed for 'https://h/c/'. See 'kubectl logs dist1-launcher-abcde "},
		{name: "a clone without enough memory", job: finished(v2beta1.JobFailed, "x"), status: "Failed",
			pods: []corev1.Pod{pod("dist1-launcher-a", "launcher", func(p *corev1.Pod) {
				initEnded("runai-git-sync", 137, "")(p)
				p.Status.InitContainerStatuses[0].State.Terminated.Reason = "OOMKilled"
			})},
			want: "Failed: container runai-git-sync of pod dist1-launcher-a exceeded its memory limit. "},
		{name: "suspended by hand", job: func(job *v2beta1.MPIJob) {
			job.Spec.RunPolicy.Suspend = new(bool)
			*job.Spec.RunPolicy.Suspend = true
			job.Labels = map[string]string{"kai.scheduler/queue": "a"} // as every job has
		},
			status: "Suspended", want: "Suspended: the job was suspended by a user. Resume it with 'runai resume dist1 -p a'."},
		{name: "starting", pods: worker(nil), status: "Pending", want: "Pending: the launcher has not been created yet."},
		{name: "running", pods: worker(func(p *corev1.Pod) { p.Status.Phase = corev1.PodRunning }), status: "Running"},
		{name: "succeeded", job: finished(v2beta1.JobSucceeded, ""), status: "Succeeded"},
	} {
		t.Run(test.name, func(t *testing.T) {
			job := mpijobtest.MakeMPIJob("dist1", "runai-a").Obj()
			if test.job != nil {
				test.job(job)
			}
			s := New(job, test.pods)
			s.Flags = " -p a"
			if got := s.Status(); got != test.status {
				t.Errorf("status %s, want %s", got, test.status)
			}
			if got := s.Diagnose(s.EventsOf(test.events)); !strings.HasPrefix(got, test.want) || test.want == "" && got != "" {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func initEnded(container string, code int32, message string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		state := corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Reason: "Error", Message: message}}
		p.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: container, State: state}}
	}
}

func TestWithoutOutput(t *testing.T) {
	launcher := []corev1.Pod{pod("dist1-launcher-a", "launcher", nil)}
	for _, test := range []struct {
		pod  string
		job  func(*v2beta1.MPIJob)
		pods []corev1.Pod
		want string
	}{
		{want: `job "dist1" has no output yet`},
		{pod: "dist1-worker-0", want: `pod "dist1-worker-0" has no output yet`},
		{job: finished(v2beta1.JobFailed, ""), pods: launcher, want: `job "dist1" has no output: the job ended before its launcher started`},
		{job: finished(v2beta1.JobSucceeded, ""), want: `job "dist1" has ended, and its launcher no longer exists`},
	} {
		job := mpijobtest.MakeMPIJob("dist1", "runai-a").Obj()
		if test.job != nil {
			test.job(job)
		}
		if got := New(job, test.pods).WithoutOutput(test.pod); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
}

func TestInitStatus(t *testing.T) {
	waits := pod("dist1-launcher", "launcher", func(p *corev1.Pod) {
		p.Spec.InitContainers = []corev1.Container{{Name: "one"}, {Name: "two"}}
		p.Status.InitContainerStatuses = []corev1.ContainerStatus{
			{Name: "one", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{}}},
			{Name: "two", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}},
		}
	})
	if got := PodStatus(waits); got != "Init:1/2" {
		t.Errorf("got %s", got)
	}
}

// The latest launcher of a job with retries comes first, and only this one counts. Workers come in the order
// of their index.
func TestOrderOfPods(t *testing.T) {
	numbered := func(index string) func(*corev1.Pod) {
		return func(p *corev1.Pod) { p.Labels[v2beta1.ReplicaIndexLabel] = index }
	}
	older := func(p *corev1.Pod) {
		p.CreationTimestamp = metav1.NewTime(now.Add(-time.Hour))
		p.Status.Phase = corev1.PodFailed
	}
	s := New(mpijobtest.MakeMPIJob("dist1", "runai-a").Obj(), []corev1.Pod{
		pod("w10", "worker", numbered("10")), pod("old", "launcher", older), pod("w9", "worker", numbered("9")), pod("new", "launcher", nil),
	})
	if got := strings.Join(s.PodNames(), " "); got != "new old w9 w10" {
		t.Errorf("got %s", got)
	}
	if n := s.count(corev1.PodFailed); n != 0 {
		t.Errorf("%d of the current pods failed", n)
	}
}

// Events of an earlier job of the same name, and of other jobs, do not belong to the job.
func TestEventsOf(t *testing.T) {
	job := mpijobtest.MakeMPIJob("dist1", "runai-a").Obj()
	job.CreationTimestamp = metav1.NewTime(now.Add(-time.Minute))
	old := event("MPIJob", "dist1", "Normal", "Old", "")
	old.LastTimestamp = metav1.NewTime(now.Add(-time.Hour))
	late := event("Pod", "dist1-launcher-abcde", "Normal", "Late", "")
	late.LastTimestamp = metav1.NewTime(now.Add(time.Second))
	var reasons []string
	for _, e := range New(job, nil).EventsOf([]corev1.Event{
		late, old, event("Pod", "dist10-worker-0", "Normal", "Other", ""), event("Pod", "dist1-worker-12", "Normal", "Pod", ""), event("Job", "dist1-launcher", "Normal", "Job", ""),
	}) {
		reasons = append(reasons, e.Reason)
	}
	if got := strings.Join(reasons, " "); got != "Pod Job Late" {
		t.Errorf("got %s", got)
	}
}

func TestDescribeWithoutEvents(t *testing.T) {
	var out bytes.Buffer
	if err := New(mpijobtest.MakeMPIJob("dist1", "runai-a").Obj(), nil).Describe(&out, "a", nil, now); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(out.String(), "\nEvents:\nNo events for resources\n") {
		t.Errorf("got %s", out.String())
	}
}
