package podstatus

import (
	"math/rand"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	"k8s.io/kubernetes/pkg/apis/core"
	_ "k8s.io/kubernetes/pkg/apis/core/install" // conversions
	"k8s.io/kubernetes/pkg/printers"
	"k8s.io/kubernetes/pkg/printers/internalversion"
	"sigs.k8s.io/randfill"
	"sigs.k8s.io/yaml"

	"github.com/runai-mpi/runai-mpi/cli/state"
)

const randomPods = 20_000

// onPurpose are kubectl's words that runai does not use. Everything else is equal.
var onPurpose = map[string]string{
	"": "Pending", // of a pod that no controller has seen yet: a table with an empty column cannot be parsed
}

// The columns STATUS and RESTARTS are those of "kubectl get pods", for pods in any state.
func TestPodStatusIsKubectls(t *testing.T) {
	table := printers.NewTableGenerator().With(internalversion.AddHandlers)
	said := map[string]int{}
	for seed := range int64(randomPods) {
		pod := randomPod(seed)
		status, restarts := kubectlSays(t, table, pod)
		if ours, differs := onPurpose[status]; differs {
			status = ours
		}
		if got := state.PodStatus(*pod); got != status {
			t.Fatalf("seed %d: got %q, kubectl says %q:\n%s", seed, got, status, text(pod))
		}
		if got := state.Restarts(*pod); got != restarts {
			t.Fatalf("seed %d: got %d restarts, kubectl says %d:\n%s", seed, got, restarts, text(pod))
		}
		said[strings.TrimRight(status, "0123456789/")]++
	}
	for _, status := range []string{
		"Running", "Pending", "Succeeded", "Failed", "Completed", "Terminating", "Unknown", "NodeLost", "Evicted", "NotReady",
		"SchedulingGated", "OOMKilled",
		"CrashLoopBackOff", "Signal:", "ExitCode:", "Init:", "Init:Error", "Init:Signal:", "Init:ExitCode:",
		"Init:CrashLoopBackOff", "PodInitializing",
	} {
		if said[status] < 10 {
			t.Errorf("only %d of %d pods are %s", said[status], randomPods, status)
		}
	}
}

func kubectlSays(t *testing.T, table *printers.HumanReadableGenerator, pod *corev1.Pod) (status string, restarts int) {
	t.Helper()
	internal := &core.Pod{}
	if err := legacyscheme.Scheme.Convert(pod.DeepCopy(), internal, nil); err != nil {
		t.Fatal(err)
	}
	printed, err := table.GenerateTable(internal, printers.GenerateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	cells := printed.Rows[0].Cells // NAME READY STATUS RESTARTS AGE
	count, _, _ := strings.Cut(cells[3].(string), " ")
	if restarts, err = strconv.Atoi(count); err != nil {
		t.Fatal(err)
	}
	return cells[2].(string), restarts
}

// randomPod fills the fields that say how a pod is, also with values that occur together in no real pod.
func randomPod(seed int64) *corev1.Pod {
	r := random{rand.New(rand.NewSource(seed))}
	fill := randfill.New().RandSource(r.Rand).NumElements(0, 3).Funcs(
		func(c *corev1.PodCondition, _ randfill.Continue) {
			c.Type = corev1.PodConditionType(r.one("PodScheduled", "Initialized", "Ready", "ContainersReady"))
			c.Status = corev1.ConditionStatus(r.one("True", "True", "False", "Unknown"))
			c.Reason = r.one("", "SchedulingGated", "Unschedulable", "ContainersNotReady")
		},
		func(s *corev1.ContainerStatus, _ randfill.Continue) { *s = r.status() },
		func(c *corev1.Container, _ randfill.Continue) {
			c.Name = r.one("a", "b", "c")
			if r.often() {
				c.RestartPolicy = new(corev1.ContainerRestartPolicy(r.one("Always", "Always", "OnFailure", "Never")))
			}
		},
	)
	pod := &corev1.Pod{}
	for _, field := range []any{
		&pod.Spec.InitContainers, &pod.Spec.Containers, &pod.Status.Conditions,
		&pod.Status.InitContainerStatuses, &pod.Status.ContainerStatuses,
	} {
		if r.often() {
			fill.Fill(field)
		}
	}
	if r.seldom() {
		pod.DeletionTimestamp = new(r.time())
	}
	pod.Status.Phase = corev1.PodPhase(r.one("", "Pending", "Running", "Succeeded", "Failed", "Unknown"))
	pod.Status.Reason = r.one("", "", "", "", "Evicted", "NodeLost", "Completed")
	return pod
}

type random struct{ *rand.Rand }

func (r random) one(words ...string) string { return words[r.Intn(len(words))] }

func (r random) often() bool { return r.Intn(3) > 0 }

func (r random) seldom() bool { return r.Intn(3) == 0 }

func (r random) time() metav1.Time { return metav1.Unix(r.Int63n(1_700_000_000), 0) }

func (r random) status() corev1.ContainerStatus {
	return corev1.ContainerStatus{
		Name: r.one("a", "b", "c"), Ready: r.often(), Started: new(r.often()), RestartCount: r.Int31n(4),
		State: r.state(), LastTerminationState: r.state(),
	}
}

func (r random) state() (state corev1.ContainerState) {
	if r.seldom() {
		state.Waiting = &corev1.ContainerStateWaiting{
			Reason: r.one("", "PodInitializing", "ContainerCreating", "CrashLoopBackOff", "ErrImagePull"),
		}
	}
	if r.seldom() {
		state.Running = &corev1.ContainerStateRunning{StartedAt: r.time()}
	}
	if r.seldom() {
		state.Terminated = &corev1.ContainerStateTerminated{
			ExitCode: r.Int31n(3), Signal: r.Int31n(2) * 9, FinishedAt: r.time(),
			Reason: r.one("", "", "Completed", "Completed", "Error", "OOMKilled", "ContainerStatusUnknown"),
		}
	}
	return state
}

func text(pod *corev1.Pod) string {
	written, err := yaml.Marshal(pod)
	if err != nil {
		return err.Error()
	}
	return string(written)
}
