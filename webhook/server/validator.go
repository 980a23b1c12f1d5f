package server

import (
	"context"
	"strings"

	admissionv1 "k8s.io/api/admission/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/webhook/patch"
	"github.com/runai-mpi/runai-mpi/webhook/review"
)

// ValidatePath is where the API server finds the validating webhook.
const ValidatePath = "/validate"

// Validator validates the final object: the handler behind /validate. Between the mutating webhook and
// the store others may have changed it.
type Validator struct {
	Lookups
	Reviewer review.Reviewer
}

// Handle accepts a creation that the policies, with the identity resolved again, would leave as it is,
// and an update that leaves what runs as it is.
func (v *Validator) Handle(ctx context.Context, request admission.Request) admission.Response {
	if request.Operation == admissionv1.Update {
		return v.update(ctx, request)
	}
	// rule T23 in test/forgery TestT23LaterWebhook: another webhook changes the job afterwards; without: return admission.Allowed(""); job, facts, err := v.readCreation(ctx, request, v.Reviewer.Cluster.Identity)
	job, facts, err := v.readCreation(ctx, request, v.Reviewer.Cluster.Identity)
	if err != nil {
		return refuse(err)
	}
	before := job.DeepCopy()
	if _, errs := v.Reviewer.Create(job, facts); len(errs) > 0 {
		return refuse(invalid(job, errs))
	}
	operations, err := patch.Between(before, job, request.Object.Raw)
	if err != nil {
		return refuse(err)
	}
	// rule T23 in webhook/server TestFinalObjectIsJudged: it takes something away
	if errs := tampered(operations); len(errs) > 0 {
		return refuse(invalid(job, errs))
	}
	return admission.Allowed("")
}

func (v *Validator) update(ctx context.Context, request admission.Request) admission.Response {
	u, err := decodeUpdate(request)
	if err != nil {
		return refuse(err)
	}
	verdict, err := v.classify(ctx, v.Reviewer, u, request.Namespace)
	switch {
	case err != nil:
		return refuse(err)
	case verdict.Class == review.Steers:
		return admission.Allowed("what runs stays")
	}
	return refuse(unchangeable(u, verdict))
}

// appliedPath is the one that may differ: another version of the webhook may have applied the policies.
var appliedPath = "/metadata/annotations/" + strings.ReplaceAll(annotations.AppliedPoliciesKey, "/", "~1")

// tampered names what the policies had written, and the final object does not have.
func tampered(operations []patch.Operation) field.ErrorList {
	var errs field.ErrorList
	for _, operation := range operations {
		if operation.Path == appliedPath {
			continue
		}
		path := field.NewPath(fieldPath.Replace(strings.TrimPrefix(operation.Path, "/")))
		errs = append(errs, field.Forbidden(path, "was changed after the cluster's policy had been applied: ask your administrator which webhook does that"))
	}
	return errs
}

// fieldPath writes a JSON pointer as the path of a field.
var fieldPath = strings.NewReplacer("/", ".", "~1", "/", "~0", "~")
