package e2e

import (
	"errors"
	"fmt"
	"syscall"
	"testing"

	policyv1 "k8s.io/api/policy/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/test/internal/chart"
	"github.com/runai-mpi/runai-mpi/test/internal/lab"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// Replicas that hang do not keep kubectl drain from evicting them.
func TestReplicasThatHangAreEvicted(t *testing.T) {
	lab.Require(t)
	hanging := awaitReplicas(t, 2, anyReplica)
	for _, pod := range hanging {
		signal(t, pod, syscall.SIGSTOP)
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
		if err := product.Release.Lab.Signal(pod.UID, program, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Log(err) // it has ended
		}
	}
	areGone(t, hanging)
	awaitReplicas(t, 2, anyReplica)
}
