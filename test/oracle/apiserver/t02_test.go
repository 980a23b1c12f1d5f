// Package apiserver sends random jobs to a real API server, with the real webhook behind it.
package apiserver

import (
	"errors"
	"math/rand"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
	"github.com/runai-mpi/runai-mpi/test/oracle"
	"github.com/runai-mpi/runai-mpi/test/oracle/randomjob"
)

const (
	jobs  = 450
	least = 50 // are admitted, and refused
)

// T02: a job is refused, or its processes run as its submitter, on creation and after an update.
func TestT02RandomJobs(t *testing.T) {
	product := suite.New(t, suite.Options{ControlPlane: env.Options{WithoutOperator: true}})
	namespace := product.AddProject(t, "team-a", v1alpha1.ProjectSpec{Identity: v1alpha1.IdentityRequired})
	alice := researcher(t, product, namespace)

	t.Run("creations", func(t *testing.T) {
		tryAll(t, 80, func(data []byte) (*v2beta1.MPIJob, error) {
			job := randomjob.New(data)
			return job, alice.Create(t.Context(), job, client.DryRunAll)
		})
	})
	t.Run("updates", func(t *testing.T) {
		stored := suite.Create(t, alice, mpijobtest.MakeMPIJob("stored", namespace).Obj())
		tryAll(t, 10, func(data []byte) (*v2beta1.MPIJob, error) {
			job := stored.DeepCopy()
			randomjob.Edit(job, data)
			return job, alice.Update(t.Context(), job, client.DryRunAll)
		})
	})
}

// tryAll asserts that many jobs are admitted and many refused, and that each answer is right.
func tryAll(t *testing.T, longest int64, try func(data []byte) (*v2beta1.MPIJob, error)) {
	t.Helper()
	admitted, refused := 0, 0
	for seed := range int64(jobs) {
		data := make([]byte, seed%longest)
		rand.New(rand.NewSource(seed)).Read(data)
		job, err := try(data)
		if err == nil {
			admitted++
			for _, finding := range oracle.Findings(job, randomjob.Identity) {
				t.Errorf("seed %d: %s", seed, finding)
			}
			continue
		}
		refused++
		if !explains(err) {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
	t.Logf("%d admitted, %d refused", admitted, refused)
	if admitted < least || refused < least {
		t.Errorf("%d admitted and %d refused, want at least %d of each", admitted, refused, least)
	}
}

// explains reports whether an error is a refusal with causes, from the webhook or the schema.
func explains(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status) && apierrors.IsInvalid(err) && status.Status().Details != nil && len(status.Status().Details.Causes) > 0
}
