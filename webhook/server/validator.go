package server

import (
	"context"
	"slices"
	"strconv"
	"strings"

	admissionv1 "k8s.io/api/admission/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/webhook/patch"
	"github.com/runai-mpi/runai-mpi/webhook/review"
)

// ValidatePath is the URL path of the validating webhook.
const ValidatePath = "/validate"

// Validator is the handler of /validate. It validates the final object, because other webhooks may have
// changed it after the mutating one.
type Validator struct {
	Lookups
	Reviewer review.Reviewer
}

// Handle allows a creation that the policies, with the identity resolved again, would not change, or that
// another replica has admitted and that keeps what every policy guarantees. It allows an update that does not
// change what the job runs.
func (v *Validator) Handle(ctx context.Context, request admission.Request) admission.Response {
	if request.Operation == admissionv1.Update {
		return v.update(ctx, request)
	}
	if until, is := v.warnedOnly(ctx, request, request.Object.Raw); is {
		return v.warn(ctx, request, until)
	}
	// rule T23 in test/forgery TestT23LaterWebhook: another webhook changes the job afterwards
	// without: if err := error(nil); err != nil {
	if err := v.confirm(ctx, v.Reviewer, request); err != nil {
		return refuse(err)
	}
	return admission.Allowed("")
}

func (v *Validator) update(ctx context.Context, request admission.Request) admission.Response {
	_, class, err := classify(ctx, v.Reviewer, request)
	if err != nil {
		if until, is := v.warnedOnly(ctx, request, request.OldObject.Raw, request.Object.Raw); is {
			return warned(request.Namespace, until, wouldBeRefused(until, err), wouldRefuse)
		}
		return refuse(err)
	}
	if class == review.Reapplies { // a replica with another cluster policy did not restore it
		return refuse(unavailable("the cluster's policy is being changed: try again"))
	}
	return admission.Allowed("does not change what the job runs")
}

// appliedPath is the one path that may differ: another version of the webhook may have applied the policies.
var appliedPath = "/metadata/annotations/" + strings.ReplaceAll(annotations.AppliedPoliciesKey, "/", "~1")

// tampered returns an error for each part of the policies' result that the final object lacks.
func tampered(operations []patch.Operation) field.ErrorList {
	var errs field.ErrorList
	for _, operation := range operations {
		if operation.Path == appliedPath {
			continue
		}
		errs = append(errs, field.Forbidden(fieldPath(operation.Path),
			"was changed by another webhook after runai-mpi admitted the job: ask your administrator which one").WithOrigin(stepFinal))
	}
	return errs
}

// keyed lists the fields whose members are not fields.
var keyed = []string{"mpiReplicaSpecs", "annotations", "labels", "nodeSelector", "limits", "requests"}

var unescaped = strings.NewReplacer("~1", "/", "~0", "~")

// fieldPath converts a JSON pointer to the path of a field.
func fieldPath(pointer string) *field.Path {
	var path *field.Path
	parent := ""
	for segment := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		segment = unescaped.Replace(segment)
		index, err := strconv.Atoi(segment)
		switch {
		case slices.Contains(keyed, parent):
			path = path.Key(segment)
		case err == nil:
			path = path.Index(index)
		case segment != "-": // the end of a list
			path = path.Child(segment)
		}
		parent = segment
	}
	return path
}
