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

// create makes a new job comply with the policies. Its errors are API statuses for the client, with a cause
// for each reason to refuse the job; it may have warnings nevertheless.
func (l Lookups) create(ctx context.Context, reviewer review.Reviewer, request admission.Request) (reviewed, error) {
	job, facts, err := l.readCreation(ctx, request, reviewer.Cluster.Identity)
	if err != nil {
		return reviewed{}, err
	}
	if err := awaited(ctx); err != nil {
		return reviewed{}, err
	}
	before := job.DeepCopy()
	var warnings []string
	if problem := facts.WarnOnly.Problem(); problem != "" {
		warnings = append(warnings, problem)
	}
	facts.Submitted = before
	more, errs := reviewer.Create(job, facts)
	if len(errs) > 0 {
		return reviewed{warnings: warnings}, invalid(job, errs)
	}
	warnings = append(warnings, more...)
	if err := awaited(ctx); err != nil {
		return reviewed{}, err
	}
	operations, err := patch.Between(before, job, request.Object.Raw)
	return reviewed{job, operations, few(warnings)}, err
}

// confirm validates the final object of a creation. Its errors are API statuses for the client: 503 if
// another replica has applied other policies to the job, because the next try may succeed.
func (l Lookups) confirm(ctx context.Context, reviewer review.Reviewer, request admission.Request) error {
	job, facts, err := l.readCreation(ctx, request, reviewer.Cluster.Identity)
	if err != nil {
		return err
	}
	before := job.DeepCopy()
	facts.Submitted = before
	foreign, errs := reviewer.Confirm(job, facts)
	switch {
	case foreign && len(errs) > 0:
		return unavailable("the cluster's policy or the project is being changed: try again (%s)", shortened(errs[0]))
	case foreign:
		return nil
	case len(errs) > 0:
		return invalid(job, errs)
	}
	operations, err := patch.Between(before, job, request.Object.Raw)
	if err != nil {
		return err
	}
	// rule T23 in webhook/server TestFinalObjectIsJudged: it takes something away
	// without: if errs := tampered(nil); len(errs) > 0 {
	if errs := tampered(operations); len(errs) > 0 {
		if !review.Asks(request.Object.Raw) {
			return unjudged(facts.Project.Name)
		}
		return invalid(job, errs)
	}
	return nil
}
