package review

import (
	"fmt"
	"time"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

// WarnOnly is how long a namespace is warn-only: jobs that do not ask for the webhook are stored there as they are.
// Its zero value is a namespace in which all jobs are judged.
type WarnOnly struct {
	// Until is the last day (UTC), such as 2026-12-31, or what somebody wrote instead of a date.
	Until string
	// Source is the project or namespace that has the date, and Field is where.
	Source, Field string
	// IdentityRequired is set if the project requires identities, which nothing enforces until then.
	IdentityRequired bool
}

// WarnOnlyOf returns how long the namespace with these labels is warn-only. Its own label replaces the date of its
// project, even if it is not a date: a typo leaves no job unjudged.
func WarnOnlyOf(project *v1alpha1.Project, namespace string, labels map[string]string) WarnOnly {
	if requiresIdentity(labels) {
		return WarnOnly{} // the pods of a job that is not judged would be refused there
	}
	required := project.Spec.Identity == v1alpha1.IdentityRequired
	// rule T45 in webhook/server TestWarnedOnlyLabel: to write something that is not a date
	// without: if until := labels[annotations.WarnOnlyUntilLabel]; isDate(until) {
	if until, present := labels[annotations.WarnOnlyUntilLabel]; present {
		return WarnOnly{until, "namespace " + namespace, "label " + annotations.WarnOnlyUntilLabel, required}
	}
	if project.Spec.WarnOnlyUntil == "" {
		return WarnOnly{}
	}
	return WarnOnly{project.Spec.WarnOnlyUntil, "project " + project.Name, "spec.warnOnlyUntil", required}
}

// Holds reports whether the namespace is warn-only at a time: until the end of the last day.
func (w WarnOnly) Holds(now time.Time) bool {
	last, err := time.Parse(time.DateOnly, w.Until)
	// rule T45 in webhook/server TestWarnedOnlyEnds: to submit a job after the last day
	// without: return err == nil && !last.IsZero()
	return err == nil && now.Before(last.AddDate(0, 0, 1))
}

func isDate(text string) bool {
	_, err := time.Parse(time.DateOnly, text)
	return err == nil
}

// Problem returns a warning about what is not a date, or "".
func (w WarnOnly) Problem() string {
	if w.Source == "" || isDate(w.Until) {
		return ""
	}
	return fmt.Sprintf("%s: %s has the invalid value %q, so its jobs are judged in full: ask your administrator to set a date, for example 2026-12-31",
		w.Source, w.Field, w.Until)
}

// String says until when the namespace is warn-only, and what that means for a job.
func (w WarnOnly) String() string {
	text := w.Source + " is warn-only until " + w.Until + ": the job is stored as it is"
	if w.IdentityRequired {
		text += ", and can run with any uid and gid"
	}
	return text
}
