package replicas

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/test/internal/balancer"
	"github.com/runai-mpi/runai-mpi/test/internal/chart"
	"github.com/runai-mpi/runai-mpi/test/internal/install"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// A kubelet probes replicas as the chart says, and takes those that are not ready out of a balancer.
type kubelet struct {
	probe    *corev1.Probe
	balancer *balancer.Balancer

	mutex sync.Mutex
	ready []string
}

// probeReplicas probes ready replicas until the end of the test.
func probeReplicas(t *testing.T, b *balancer.Balancer, replicas ...*install.Replica) *kubelet {
	t.Helper()
	objects, err := chart.Render(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	deployment := &appsv1.Deployment{}
	if err := objects.Find("Deployment", "", deployment); err != nil {
		t.Fatal(err)
	}
	k := &kubelet{probe: deployment.Spec.Template.Spec.Containers[0].ReadinessProbe, balancer: b, ready: install.Addresses(replicas...)}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var probing sync.WaitGroup
	for _, replica := range replicas {
		probing.Go(func() { k.watch(ctx, replica) })
	}
	t.Cleanup(func() {
		cancel()
		probing.Wait()
	})
	return k
}

func (k *kubelet) watch(ctx context.Context, replica *install.Replica) {
	period := time.NewTicker(time.Duration(k.probe.PeriodSeconds) * time.Second)
	defer period.Stop()
	failures := int32(0)
	for {
		select {
		case <-ctx.Done():
			return
		case <-period.C:
		}
		attempt, cancel := context.WithTimeout(ctx, time.Duration(max(k.probe.TimeoutSeconds, 1))*time.Second)
		err := replica.Ready(attempt)
		cancel()
		if err == nil {
			failures = 0
			continue
		}
		if failures++; failures >= max(k.probe.FailureThreshold, 1) {
			k.remove(replica)
		}
	}
}

func (k *kubelet) remove(replica *install.Replica) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	k.ready = slices.DeleteFunc(k.ready, func(address string) bool { return address == replica.Address })
	k.balancer.SetBackends(k.ready...)
}

// awaitRemoval waits until a replica gets no new connections.
func (k *kubelet) awaitRemoval(t *testing.T, replica *install.Replica) {
	t.Helper()
	for deadline := time.Now().Add(suite.Soon); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		k.mutex.Lock()
		gone := !slices.Contains(k.ready, replica.Address)
		k.mutex.Unlock()
		if gone {
			return
		}
	}
	t.Fatalf("replica %s is still an endpoint", replica.Name())
}
