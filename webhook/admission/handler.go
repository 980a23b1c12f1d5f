package admission

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	admissionv1 "k8s.io/api/admission/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/webhook/patch"
	"github.com/runai-mpi/runai-mpi/webhook/policy"
)

// auditKey is the key of the audit annotation; the API server puts the webhook's name before it.
const auditKey = "applied-policies"

// Projects tells to which project a namespace belongs.
type Projects interface {
	// PlaceOf returns what is known of a namespace. Its errors are API statuses, ready to be answered.
	PlaceOf(ctx context.Context, namespace string) (policy.Place, error)
}

// Directory has the entries of users.
type Directory interface {
	// EntriesOf returns the entries of a subject. Its errors are API statuses, ready to be answered.
	EntriesOf(ctx context.Context, subject string) ([]v1alpha1.PosixIdentity, error)
}

// Schema tells what the cluster's MPIJobs can carry.
type Schema interface {
	// KeepsGroupsPolicy tells whether supplementalGroupsPolicy reaches the pods. Its errors are API
	// statuses, ready to be answered.
	KeepsGroupsPolicy(ctx context.Context) (bool, error)
}

// Mutator admits MPIJobs at their creation, and restores those to which their manifest is applied
// again: the handler behind /mutate.
type Mutator struct {
	Projects  Projects
	Directory Directory
	Schema    Schema
	Admitter  policy.Admitter
}

// Handle answers with the patch that makes the job comply, or with every reason against it.
func (m *Mutator) Handle(ctx context.Context, request admission.Request) admission.Response {
	if request.Operation == admissionv1.Update {
		return m.update(ctx, request)
	}
	job, err := Decode(request.Object.Raw)
	if err != nil {
		return refuse(err)
	}
	place, err := m.Projects.PlaceOf(ctx, request.Namespace)
	if err != nil {
		return refuse(err)
	}
	before := job.DeepCopy()
	warnings, errs := m.Admitter.Admit(job, asked(ctx, request, place, m.Directory, m.Schema))
	if len(errs) > 0 {
		return refuse(apierrors.NewInvalid(v2beta1.SchemeGroupVersionKind.GroupKind(), nameOf(job), errs))
	}
	operations, err := patch.Between(before, job, request.Object.Raw)
	if err != nil {
		return refuse(err)
	}
	return admit(operations, warnings, job.Annotations[annotations.AppliedPoliciesKey])
}

// asked is what the policies know of a request.
func asked(ctx context.Context, request admission.Request, place policy.Place, directory Directory, schema Schema) policy.Request {
	return policy.Request{
		Place: place, User: request.UserInfo, Now: time.Now(),
		KeepsGroupsPolicy: func() (bool, error) { return schema.KeepsGroupsPolicy(ctx) },
		Entries:           func(subject string) ([]v1alpha1.PosixIdentity, error) { return directory.EntriesOf(ctx, subject) },
	}
}

// admit marshals the patch here, because controller-runtime's own operations are marshalled twice.
func admit(operations []patch.Operation, warnings []string, applied string) admission.Response {
	text, err := json.Marshal(operations)
	if err != nil {
		return refuse(err)
	}
	patchType := admissionv1.PatchTypeJSONPatch
	return admission.Response{AdmissionResponse: admissionv1.AdmissionResponse{
		Allowed: true, Patch: text, PatchType: &patchType, Warnings: warnings,
		AuditAnnotations: map[string]string{auditKey: applied},
	}}
}

// refuse passes an API status on as it is, so that its causes reach the client.
func refuse(err error) admission.Response {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		status = apierrors.NewInternalError(err)
	}
	result := status.Status()
	return admission.Response{AdmissionResponse: admissionv1.AdmissionResponse{Result: &result}}
}

func nameOf(job *v2beta1.MPIJob) string {
	if job.Name == "" {
		return job.GenerateName
	}
	return job.Name
}
