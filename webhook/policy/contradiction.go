package policy

import (
	"fmt"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// contradicts refuses a field that the user wrote and that says something else than what asks for it:
// an annotation of hers, or the policy.
func contradicts(path *field.Path, value any, asker, asked string) *field.Error {
	return field.Invalid(path, value, fmt.Sprintf("contradicts %s, which asks for %s: write the same, or leave this out", asker, asked))
}

// ensure sets an empty value, accepts an equal one, and refuses a different one.
func ensure[T comparable](value *T, want T, path *field.Path, asker string) field.ErrorList {
	var empty T
	switch *value {
	case empty:
		*value = want
	case want:
	default:
		return field.ErrorList{contradicts(path, *value, asker, fmt.Sprint(want))}
	}
	return nil
}
