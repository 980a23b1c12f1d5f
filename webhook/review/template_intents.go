package review

import (
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// validateIntents returns an error for each annotation of ours on a pod template: there nobody reads an intent,
// and a pod must not carry a stamp that its job does not have.
func validateIntents(template mpijob.Template) field.ErrorList {
	var errs field.ErrorList
	isOurs := func(key, _ string) bool { return strings.HasPrefix(key, annotations.Prefix) }
	// rule T32 in test/forgery TestT32IntentsOnTemplates: a stamp on a pod
	// without: for _, key := range template.AnnotationsWith(isOurs)[:0] {
	for _, key := range template.AnnotationsWith(isOurs) {
		errs = append(errs, field.Forbidden(template.Path.Child("metadata", "annotations").Key(key), misplaced(key)))
	}
	return errs
}

func misplaced(key string) string {
	if key == annotations.SubmittedByKey || key == annotations.AppliedPoliciesKey {
		return "is written by the webhook, and on the job only: remove it"
	}
	return "is not allowed on a pod template: move it to metadata.annotations of the job, or remove it"
}
