package server

import (
	"errors"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/webhook/review"
)

// The steps in which the server itself refuses a request, in addition to [review.Steps].
const (
	stepRequest = "request" // reading the request
	stepUpdate  = "update"  // comparing a job with the stored one
	stepFinal   = "final"   // looking at the job after other webhooks
	stepSession = "session"
)

// knownSteps are the steps in reasons.
var knownSteps = append(review.Steps(), stepRequest, stepUpdate, stepFinal, stepSession)

// Steps returns the names of all policies, and of everything else that refuses a request.
func Steps() []string { return slices.Clone(knownSteps) }

// A refusal is the answer to a request that breaks rules. It also has the reasons in the words of those who operate the
// webhook: a step and a kind of error, which are few, and nothing that a user wrote.
type refusal struct {
	*apierrors.StatusError
	reasons []string
}

// Unwrap returns what the client gets.
func (r refusal) Unwrap() error { return r.StatusError }

// reasonOf returns the reason in an error: the policy or the step that found it, and its kind, for example gpu/Invalid.
func reasonOf(err *field.Error) string {
	step := err.Origin
	if !slices.Contains(knownSteps, step) {
		step = stepRequest
	}
	return step + "/" + strings.TrimPrefix(string(err.Type), "FieldValue")
}

// reasonsIn returns the reasons in the first errors, each once.
func reasonsIn(errs field.ErrorList) []string {
	var reasons []string
	for _, err := range errs[:min(len(errs), mostCauses)] {
		if reason := reasonOf(err); !slices.Contains(reasons, reason) {
			reasons = append(reasons, reason)
		}
	}
	return reasons
}

// reasonsFor returns the reasons of an answer to a client, or none if the request was not refused.
func reasonsFor(err error) []string {
	var refused refusal
	if errors.As(err, &refused) {
		return refused.reasons
	}
	var status apierrors.APIStatus
	if errors.As(err, &status) && status.Status().Code < 500 {
		return []string{stepRequest + "/" + string(status.Status().Reason)}
	}
	return nil
}
