package backstop

import (
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// queue lets the real Kueue hold, start and stop a job of alice's.
func (p people) queue(t *testing.T) {
	t.Helper()
	namespace := product.AddProject(t, "queued", v1alpha1.ProjectSpec{Identity: v1alpha1.IdentityRequired, Queue: "research"})
	queue := product.StartQueue(t, namespace, "dgx")
	suite.Create(t, product.ClientOf(t, p.us), mpijobtest.MakeMPIJob("waits", namespace).
		Limit(v2beta1.MPIReplicaTypeLauncher, corev1.ResourceCPU, "1").Limit(v2beta1.MPIReplicaTypeWorker, corev1.ResourceCPU, "1").Obj())
	queue.SetStopPolicy(t, "None")
	suite.Eventually(t, "Kueue starts the job", suite.Soon, func() error { return product.HasPods(t, namespace, 2) })
	queue.SetStopPolicy(t, "HoldAndDrain")
	suite.Eventually(t, "Kueue stops the job", suite.Soon, func() error { return product.HasPods(t, namespace, 0) })
}
