package server

import (
	"context"

	admissionv1 "k8s.io/api/admission/v1"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/webhook/review"
)

// MutatePath is the URL path of the mutating webhook.
const MutatePath = "/mutate"

// Mutator is the handler of /mutate. It makes new MPIJobs comply with the policies, and restores a stored
// job to which its manifest is applied again.
type Mutator struct {
	Lookups
	Reviewer review.Reviewer
}

// Handle answers with the patch that makes the job comply, or with every reason to refuse it.
func (m *Mutator) Handle(ctx context.Context, request admission.Request) admission.Response {
	if request.Operation == admissionv1.Update {
		return m.update(ctx, request)
	}
	if _, is := m.warnedOnly(ctx, request, request.Object.Raw); is {
		return admission.Allowed("warn-only") // the validating webhook says what would happen
	}
	created, err := m.create(ctx, counted(m.Reviewer), request)
	if err != nil {
		response := refuse(err)
		response.Warnings = created.warnings
		return response
	}
	return fits(request, allow(created.operations, created.warnings, map[string]string{
		auditPolicies: created.job.Annotations[annotations.AppliedPoliciesKey],
	}))
}
