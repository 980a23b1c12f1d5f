package e2e

import (
	"errors"
	"fmt"
	"syscall"
	"testing"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/test/internal/chart"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// kubectl drain evicts one replica at a time, and no creation fails. A replica that hangs does not stop it.
func TestReplicasAreEvicted(t *testing.T) {
	l := startLoad(t, "evicted")
	old := awaitReplicas(t, 2, anyReplica)
	l.during(t, "evicted", func() {
		if err := evict(t, old[0]); err != nil {
			t.Fatalf("the first replica is not evicted: %s", err)
		}
		if err := evict(t, old[1]); !apierrors.IsTooManyRequests(err) {
			t.Errorf("the other replica is evicted at once: %v", err)
		}
		suite.Eventually(t, "the other replica is evicted", suite.Soon, func() error { return evict(t, old[1]) })
		areGone(t, old)
	})
	l.end(t)

	hanging := awaitReplicas(t, 2, anyReplica)
	for _, pod := range hanging {
		if err := product.Release.Lab.Signal(pod.UID, "/runai-webhook", syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
	}
	suite.Eventually(t, "no replica is healthy", suite.Soon, func() error {
		budget := &policyv1.PodDisruptionBudget{}
		err := product.Client.Get(t.Context(), client.ObjectKey{Namespace: chart.Namespace, Name: chart.Release}, budget)
		if err == nil && budget.Status.CurrentHealthy != 0 {
			err = fmt.Errorf("%d replicas are healthy", budget.Status.CurrentHealthy)
		}
		return err
	})
	for _, pod := range hanging {
		if err := evict(t, pod); err != nil {
			t.Errorf("a replica that hangs is not evicted: %s", err)
		}
		if err := product.Release.Lab.Signal(pod.UID, "/runai-webhook", syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Log(err) // it has ended
		}
	}
	areGone(t, hanging)
	awaitReplicas(t, 2, anyReplica)
}

func evict(t *testing.T, pod corev1.Pod) error {
	t.Helper()
	eviction := &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name}}
	return product.Release.Lab.Clients.PolicyV1().Evictions(pod.Namespace).Evict(t.Context(), eviction)
}
