package server

import (
	"context"
	"errors"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	admissionv1 "k8s.io/api/admission/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/webhook/patch"
	"github.com/runai-mpi/runai-mpi/webhook/review"
)

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

// allow allows a request with a patch.
func allow(operations []patch.Operation, warnings []string, audit map[string]string) admission.Response {
	text, err := patch.Marshal(operations)
	if err != nil {
		return refuse(err)
	}
	patchType := admissionv1.PatchTypeJSONPatch
	return admission.Response{AdmissionResponse: admissionv1.AdmissionResponse{
		Allowed: true, Patch: text, PatchType: &patchType, Warnings: warnings,
		AuditAnnotations: audit,
	}}
}

// refuse answers with an error. The causes of an API status reach the client unchanged.
func refuse(err error) admission.Response {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		status = apierrors.NewInternalError(err)
	}
	result := status.Status()
	response := admission.Response{AdmissionResponse: admissionv1.AdmissionResponse{Result: &result}}
	if reasons := reasonsFor(err); len(reasons) > 0 {
		response.AuditAnnotations = map[string]string{auditReasons: strings.Join(reasons, " ")}
	}
	return response
}

func invalid(job *v2beta1.MPIJob, errs field.ErrorList) error {
	return Invalid(nameOf(job), errs)
}

func nameOf(job *v2beta1.MPIJob) string {
	if job.Name == "" {
		return job.GenerateName
	}
	return job.Name
}
