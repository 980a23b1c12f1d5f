package integration

import (
	"fmt"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// The launcher of a job that was scaled while it was suspended knows the new number of workers.
func TestScaledWhileSuspended(t *testing.T) {
	namespace := product.AddProject(t, "scaled", v1alpha1.ProjectSpec{})
	for name, workers := range map[string]int32{"down": 2, "up": 4} {
		job := mpijobtest.MakeMPIJob(name, namespace).Workers(3).Obj()
		suspended := true
		job.Spec.RunPolicy.Suspend = &suspended
		product.Create(t, job)
		suite.Eventually(t, name+" has its launcher's Job", time.Minute, func() error {
			return product.Client.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: name + "-launcher"}, &batchv1.Job{})
		})
		for _, suspend := range []bool{true, false} {
			patch := fmt.Sprintf(`{"spec":{"runPolicy":{"suspend":%t},"mpiReplicaSpecs":{"Worker":{"replicas":%d}}}}`, suspend, workers)
			suite.Kubectl(t, product.User, "", "patch", "mpijob", name, "-n", namespace, "--type=merge", "--patch", patch)
		}
		found := podsOf(t, product.Job(t, namespace, name))
		if got, want := envOf(found.launcher)["RUNAI_MPI_NUM_WORKERS"], fmt.Sprint(workers); got != want {
			t.Errorf("%s: the launcher is told of %q workers, want %s", name, got, want)
		}
	}
}
