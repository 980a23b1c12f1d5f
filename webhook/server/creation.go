package server

import (
	"context"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/runai-mpi/runai-mpi/webhook/patch"
	"github.com/runai-mpi/runai-mpi/webhook/review"
)

// reviewed is what the policies make of a new job.
type reviewed struct {
	job        *v2beta1.MPIJob
	operations []patch.Operation // from the job as it came
	warnings   []string
}

// create reviews a new job, for both webhooks. Its errors are API statuses for the client, with a cause
// for each reason to refuse the job.
func (l Lookups) create(ctx context.Context, reviewer review.Reviewer, request admission.Request) (reviewed, error) {
	job, facts, err := l.readCreation(ctx, request, reviewer.Cluster.Identity)
	if err != nil {
		return reviewed{}, err
	}
	before := job.DeepCopy()
	warnings, errs := reviewer.Create(job, facts)
	if len(errs) > 0 {
		return reviewed{}, invalid(job, errs)
	}
	operations, err := patch.Between(before, job, request.Object.Raw)
	return reviewed{job, operations, warnings}, err
}
