package e2e

import (
	"context"
	"errors"
	"syscall"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// While a roll-out hangs, because its cluster policy is wrong, an old replica that is killed, or deleted, comes back
// with the policy that it had. Creations fail only while a replica that is gone is still an endpoint.
func TestReplicasDieInAHangingRollOut(t *testing.T) {
	l := startLoad(t, "hanging", 0)
	old := awaitReplicas(t, 2, anyReplica)
	t.Cleanup(func() {
		if err := product.Release.Upgrade(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	l.during(t, "hangs", func() {
		// The hook would refuse the policy.
		if err := product.Release.UpgradeAtOnce(t.Context(), "--set", "policy.start.maxTimeout=1s"); err != nil {
			t.Fatal(err)
		}
		suite.Eventually(t, "a new replica crashes", suite.Soon, func() error { return crashes(t, old) })
	})
	l.during(t, "killed", func() {
		if err := product.Release.Lab.Signal(old[0].UID, "/runai-webhook", syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		awaitReplicas(t, 1, func(pod corev1.Pod) bool { return pod.UID == old[0].UID && restarts(pod) == 1 })
		awaitReplicas(t, 2, anyReplica)
	})
	l.during(t, "restarted", func() {})
	l.during(t, "deleted", func() {
		now := int64(0)
		if err := product.Client.Delete(t.Context(), &old[1], &client.DeleteOptions{GracePeriodSeconds: &now}); err != nil {
			t.Fatal(err)
		}
		awaitReplicas(t, 1, func(pod corev1.Pod) bool { return pod.UID != old[0].UID && hash(pod) == hash(old[0]) })
	})
	l.during(t, "replaced", func() {})
	if err := crashes(t, old); err != nil {
		t.Errorf("the roll-out does not hang any more: %s", err)
	}
	l.end(t, "killed", "deleted")
	digests := map[string]int{}
	for _, job := range product.Jobs(t, l.namespaces[0]) {
		digests[job.Annotations[annotations.AppliedPoliciesKey]]++
	}
	if len(digests) != 1 {
		t.Errorf("jobs were admitted by different cluster policies: %v", digests)
	}
}

// crashes returns an error unless a replica that is not like the old ones has ended and is not ready.
func crashes(t *testing.T, old []corev1.Pod) error {
	t.Helper()
	for _, pod := range replicas(t) {
		if hash(pod) != hash(old[0]) && restarts(pod) > 0 && !isReady(pod) {
			return nil
		}
	}
	return errors.New("no new replica has crashed")
}

// hash names the ReplicaSet of a pod, and so its cluster policy.
func hash(pod corev1.Pod) string { return pod.Labels["pod-template-hash"] }

func restarts(pod corev1.Pod) int {
	restarts := 0
	for _, status := range pod.Status.ContainerStatuses {
		restarts += int(status.RestartCount)
	}
	return restarts
}
