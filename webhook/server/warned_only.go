package server

import (
	"context"
	"strings"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/runai-mpi/runai-mpi/webhook/review"
)

// warnedOnly reports whether a request is admitted unchanged whatever the policies say, and until when: no job in it,
// as JSON, asks for the webhook, and the namespace is warn-only. A job that is too large to be read is judged.
func (l Lookups) warnedOnly(ctx context.Context, request admission.Request, jobs ...[]byte) (review.WarnOnly, bool) {
	facts, err := l.Namespaces.FactsOf(ctx, request.Namespace)
	if err != nil || !facts.WarnOnly.Holds(time.Now()) { // judging the job returns the error
		return review.WarnOnly{}, false
	}
	for _, raw := range jobs {
		// rule T38 in webhook/server TestWarnedOnlyIsBounded: a job that is too large, in a warn-only namespace
		if len(raw) > largestCreation || overgrown(raw) != nil {
			return review.WarnOnly{}, false
		}
		if review.Asks(raw) {
			return review.WarnOnly{}, false
		}
	}
	return facts.WarnOnly, true
}

// warn admits a new job unchanged, and says what would happen to it. Only the validating webhook does: it is called
// once for each request, and with the final job.
func (v *Validator) warn(ctx context.Context, request admission.Request, until review.WarnOnly) admission.Response {
	job, facts, err := v.readCreation(ctx, request, v.Reviewer.Cluster.Identity)
	if err != nil {
		return warned(request.Namespace, until, wouldBeRefused(until, err), wouldRefuse)
	}
	switch preview := v.Reviewer.Preview(job, facts); {
	case len(preview.Refusals) > 0:
		return warned(request.Namespace, until, wouldBeRefused(until, invalid(job, preview.Refusals)), wouldRefuse)
	case preview.Changes():
		what := "after " + until.Until + " it would be changed by these policies: " + strings.Join(preview.Policies, ", ")
		return warned(request.Namespace, until, []string{what}, wouldChange)
	}
	return warned(request.Namespace, until, nil, unchanged)
}

// warned admits a request, counts it and warns its user.
func warned(namespace string, until review.WarnOnly, what []string, outcome outcome) admission.Response {
	countWarnedOnly(namespace, outcome)
	response := admission.Allowed("warn-only").WithWarnings(few(append([]string{until.String()}, what...))...)
	response.AuditAnnotations = map[string]string{auditWarnedOnly: string(outcome)}
	return response
}

// wouldBeRefused returns a warning for each cause of an error.
func wouldBeRefused(until review.WarnOnly, err error) []string {
	warnings := Causes(err)
	for i, cause := range warnings {
		warnings[i] = "after " + until.Until + " it would be refused: " + cause
	}
	return warnings
}

// unjudged returns the answer to the creation of a job that no replica has judged, although it must be. The other
// replica may think that the project is still warn-only: its clock or its cache is behind.
func unjudged(project string) error {
	return unavailable("runai-mpi has not applied its policies to the job, perhaps because project %s stopped being warn-only just now: "+
		"try again; if it persists, ask your administrator", project)
}
