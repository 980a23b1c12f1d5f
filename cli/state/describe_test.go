package state

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

func description(t *testing.T, s Job) string {
	t.Helper()
	var out bytes.Buffer
	if err := s.Describe(&out, "a", nil, now); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// The log of a launcher that failed is shown as a terminal would show it, and no other.
func TestLogOfLauncher(t *testing.T) {
	job := mpijobtest.MakeMPIJob("dist1", "runai-a").Obj()
	finished(v2beta1.JobFailed, "x")(job)
	s := New(job, []corev1.Pod{pod("dist1-launcher-a", "launcher", ended(3, "Error"))})
	s.LauncherLog = "10%\r50%\r100%\r\n\n  File \"train.py\"\n" + strings.Repeat("x", 1000) + "\nwithout an end"
	want := "\nLast lines of dist1-launcher-a:\n  100%\n  \n    File \"train.py\"\n  " + strings.Repeat("x", maxWords) + "…\n  without an end\n\nPods:\n"
	if text := description(t, s); !strings.Contains(text, want) {
		t.Errorf("%s\ndoes not contain %s", text, want)
	}
	running := func(p *corev1.Pod) { p.Status.Phase = corev1.PodRunning }
	for name, s := range map[string]Job{
		"runs":          New(mpijobtest.MakeMPIJob("dist1", "runai-a").Obj(), []corev1.Pod{pod("dist1-launcher-b", "launcher", running), pod("dist1-launcher-a", "launcher", ended(3, "Error"))}),
		"has no pods":   New(job, nil),
		"did not start": New(job, []corev1.Pod{pod("dist1-launcher-a", "launcher", initEnded("fetch", 1, ""))}),
	} {
		if launcher := s.FailedLauncher(); launcher != nil {
			t.Errorf("the job %s: %s is read", name, launcher.Name)
		}
	}
}

// The columns of the original come first. Pods that have not ended have no exit code.
func TestPodRows(t *testing.T) {
	again := func(p *corev1.Pod) {
		waitingFor("CrashLoopBackOff", "")(p)
		status := &p.Status.ContainerStatuses[0]
		status.RestartCount = 2
		status.LastTerminationState.Terminated = &corev1.ContainerStateTerminated{ExitCode: 7}
	}
	s := New(mpijobtest.MakeMPIJob("dist1", "runai-a").Obj(), []corev1.Pod{
		pod("a", "worker", nil), pod("b", "worker", ended(0, "Completed")), pod("c", "worker", again), pod("d", "worker", initEnded("fetch", 3, "")),
	})
	var got []string
	for _, row := range s.podRows(now) {
		got = append(got, strings.Join(row, "|"))
	}
	want := []string{
		"POD|STATUS|TYPE|AGE|NODE|RESTARTS|EXIT CODE",
		"a|Pending|worker|60s||0|", "b|Completed|worker|60s||0|0", "c|CrashLoopBackOff|worker|60s||2|7", "d|Init:Error|worker|60s||0|3",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// A launcher that waits for its workers does not hide what they wait for.
func TestStatusOfTheWorst(t *testing.T) {
	waits := func(p *corev1.Pod) {
		p.Spec.InitContainers = []corev1.Container{{Name: "gate"}}
		p.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "gate", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}}
	}
	running := func(p *corev1.Pod) { p.Status.Phase = corev1.PodRunning }
	for _, test := range []struct {
		worker func(*corev1.Pod)
		want   string
	}{
		{running, "Init:0/1"}, {unschedulable("x"), "Pending"}, {waitingFor("ErrImagePull", ""), "ErrImagePull"},
		{waitingFor("ContainerCreating", ""), "ContainerCreating"}, {initEnded("fetch", 1, ""), "Init:Error"},
		{func(p *corev1.Pod) {
			p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Reason: corev1.PodReasonSchedulingGated}}
		}, "Pending"},
	} {
		s := New(mpijobtest.MakeMPIJob("dist1", "runai-a").Obj(), []corev1.Pod{pod("dist1-launcher-a", "launcher", waits), pod("dist1-worker-0", "worker", test.worker)})
		if got := s.Status(); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
}
