package e2e

import (
	"context"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

const (
	program     = "/runai-webhook"
	webhookPort = 9443
	// etcdPause is how long etcd stands still at a time.
	etcdPause = 400 * time.Millisecond
	etcdSlow  = 10 * time.Second
	// cutFor is how long the network of a replica stays cut after that has been noticed.
	cutFor = 20 * time.Second
)

// outages are what nobody announces.
func outages() []fault {
	anyError := func(error) bool { return true }
	return []fault{
		{name: "a replica is killed", mayFail: isSilence, happens: kill},
		{name: "a replica hangs", mayFail: isSilence, happens: hang},
		{name: "the network of a replica is cut", mayFail: isSilence, happens: cut},
		{name: "the API server is restarted", mayFail: anyError, happens: restartAPIServer},
		{name: "etcd is slow", happens: slowEtcd},
	}
}

// mostKills is how often a replica is killed, because each time the kubelet waits longer until it starts it again.
const mostKills = 2

// kill kills a replica, and waits until the kubelet has started it again.
func kill(t *testing.T) func(*testing.T) {
	victim := awaitReplicas(t, 2, anyReplica)[0]
	before := restarts(victim)
	signal(t, victim, syscall.SIGKILL)
	awaitReplicas(t, 1, func(pod corev1.Pod) bool { return pod.UID == victim.UID && restarts(pod) > before })
	leads(t, victim.Status.PodIP, true)
	return func(t *testing.T) {
		if before+1 < mostKills {
			return
		}
		if err := product.Client.Delete(t.Context(), &victim); err != nil {
			t.Fatal(err)
		}
		areGone(t, []corev1.Pod{victim})
		areReady(t)
	}
}

// hang stops a replica, until no connection is led to it.
func hang(t *testing.T) func(*testing.T) {
	victim := awaitReplicas(t, 2, anyReplica)[0]
	signal(t, victim, syscall.SIGSTOP)
	leads(t, victim.Status.PodIP, false)
	return func(t *testing.T) {
		signal(t, victim, syscall.SIGCONT)
		areReady(t)
		leads(t, victim.Status.PodIP, true)
	}
}

// cut cuts the network of a replica, until no connection is led to it.
func cut(t *testing.T) func(*testing.T) {
	victim := awaitReplicas(t, 2, anyReplica)[0]
	restore, err := product.Release.Lab.CutNetwork(t.Context(), victim.UID, program)
	if err != nil {
		t.Fatal(err)
	}
	leads(t, victim.Status.PodIP, false)
	return func(t *testing.T) {
		time.Sleep(cutFor)
		if err := restore(t.Context()); err != nil {
			t.Fatal(err)
		}
		areReady(t)
		leads(t, victim.Status.PodIP, true)
	}
}

func restartAPIServer(t *testing.T) func(*testing.T) {
	if err := product.KillAPIServer(); err != nil {
		t.Fatal(err)
	}
	if err := product.RestartAPIServer(t.Context()); err != nil {
		t.Fatal(err)
	}
	suite.Eventually(t, "the API server is ready", suite.Soon, func() error { return product.Ready(t.Context()) })
	return nil
}

func slowEtcd(t *testing.T) func(*testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), etcdSlow)
	defer cancel()
	if err := product.Release.Lab.PulseEtcd(ctx, etcdPause); err != nil {
		t.Fatal(err)
	}
	return nil
}

func signal(t *testing.T, pod corev1.Pod, signal syscall.Signal) {
	t.Helper()
	if err := product.Release.Lab.Signal(pod.UID, program, signal); err != nil {
		t.Fatal(err)
	}
}
