package server

import (
	"cmp"
	"context"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/runai-mpi/runai-mpi/webhook/review"
)

// An update is a stored job and the job that would replace it. Both are nil if one has too many elements to be
// decoded, or cannot be, but only metadata changes that nobody reviews.
type update struct{ stored, updated *v2beta1.MPIJob }

func decodeUpdate(request admission.Request) (update, error) {
	// rule T38 in test/forgery TestT38Updates: many elements, which take more memory than their JSON
	if err := cmp.Or(overgrown(request.Object.Raw), overgrown(request.OldObject.Raw)); err != nil {
		return update{}, unlessUnreviewed(request, Invalid(request.Name, field.ErrorList{err}))
	}
	stored, err := Decode(request.OldObject.Raw)
	if err != nil { // another version of the CRD had other types, or the webhook was not installed
		return update{}, unlessUnreviewed(request, err)
	}
	updated, err := Decode(request.Object.Raw)
	return update{stored, updated}, err
}

// unlessUnreviewed returns an error unless an update changes nothing that a review compares: a job that cannot be
// read must be able to lose its finalizers.
func unlessUnreviewed(request admission.Request, err error) error {
	if reviewedPart(request.Object.Raw) == reviewedPart(request.OldObject.Raw) {
		return nil
	}
	return err
}

// reviewedPart returns the parts of a job's JSON that a review compares, without decoding them.
func reviewedPart(raw []byte) [3]string {
	var job struct {
		Metadata struct {
			Annotations jsontext.Value `json:"annotations"`
			Labels      jsontext.Value `json:"labels"`
		} `json:"metadata"`
		Spec jsontext.Value `json:"spec"`
	}
	if json.Unmarshal(raw, &job, jsontext.AllowDuplicateNames(true)) != nil {
		return [3]string{string(raw)}
	}
	return [3]string{string(job.Spec), string(job.Metadata.Annotations), string(job.Metadata.Labels)}
}

// update allows what only steers a job, restores a job to which its manifest was applied again, and refuses
// the rest.
func (m *Mutator) update(ctx context.Context, request admission.Request) admission.Response {
	u, class, err := classify(ctx, m.Reviewer, request)
	if err != nil {
		if _, is := m.warnedOnly(ctx, request, request.OldObject.Raw, request.Object.Raw); is {
			return admission.Allowed("warn-only") // the validating webhook says what would happen
		}
		return refuse(err)
	}
	if class == review.Steers {
		if operations := review.Recount(u.updated); len(operations) > 0 {
			return allow(operations, nil, map[string]string{auditUpdate: "recounted"})
		}
		return admission.Allowed("does not change what the job runs")
	}
	operations, err := m.Reviewer.Restore(u.stored, request.OldObject.Raw, request.Object.Raw)
	if err != nil {
		return refuse(err)
	}
	return allow(operations, nil, map[string]string{auditUpdate: "restored"})
}

// classify decodes and classifies an update. Its errors are API statuses for the client, also for an update that is refused.
func classify(ctx context.Context, reviewer review.Reviewer, request admission.Request) (update, review.UpdateClass, error) {
	u, err := decodeUpdate(request)
	if err == nil {
		err = awaited(ctx)
	}
	if err != nil || u.stored == nil {
		return u, review.Steers, err
	}
	// rule T12 in test/integration TestUnknownFieldsSurvive: to change a field that only a newer CRD knows
	if changed := review.UnknownChanges(request.OldObject.Raw, request.Object.Raw); len(changed) > 0 {
		return u, review.Refused, unchangeable(u, review.Verdict{Paths: changed})
	}
	verdict := reviewer.ClassifyUpdate(u.stored, u.updated)
	if verdict.Class == review.Refused {
		return u, review.Refused, unchangeable(u, verdict)
	}
	return u, verdict.Class, nil
}

func unchangeable(u update, verdict review.Verdict) error {
	if len(verdict.Reasons) > 0 {
		return invalid(u.stored, verdict.Reasons.WithOrigin(stepUpdate))
	}
	return invalid(u.stored, field.ErrorList{field.Forbidden(field.NewPath("spec"),
		"what a job runs cannot be changed after submission ("+strings.Join(verdict.Paths, ", ")+"): delete the job and submit it again").WithOrigin(stepUpdate)})
}
