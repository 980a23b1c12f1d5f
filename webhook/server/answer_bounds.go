package server

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// The bounds of an answer. What a user wrote is quoted whole, unless it is longer than any name or path.
const (
	mostCauses     = 50
	longestName    = 253
	longestPath    = 512
	longestValue   = 512
	longestDetail  = 2048
	longestMessage = 256 << 10
	mostWarnings   = 50
)

// few returns the first warnings, and a last one that counts the others.
func few(warnings []string) []string {
	shown := make([]string, 0, min(len(warnings), mostWarnings+1))
	for _, warning := range warnings[:min(len(warnings), mostWarnings)] {
		shown = append(shown, cut(warning, longestDetail))
	}
	if more := len(warnings) - len(shown); more > 0 {
		shown = append(shown, fmt.Sprintf("and %d more warnings", more))
	}
	return shown
}

// Invalid returns the refusal of a job: a status with a cause for each of the first errors, and a last one
// that counts the others. The Origin of an error is the policy or the step that found it.
func Invalid(name string, errs field.ErrorList) error {
	shown := make(field.ErrorList, 0, mostCauses)
	// rule T38 in test/forgery TestT38Creations: an error for each of thousands of elements, which NewInvalid joins in quadratic time
	// without: for _, err := range errs {
	for _, err := range errs[:min(len(errs), mostCauses)] {
		shown = append(shown, shortened(err))
	}
	invalid := apierrors.NewInvalid(v2beta1.SchemeGroupVersionKind.GroupKind(), cut(name, longestName), shown)
	if more := len(errs) - len(shown); more > 0 {
		status := &invalid.ErrStatus
		rest := fmt.Sprintf("and %d more", more)
		status.Message += ", " + rest
		last := metav1.StatusCause{Type: metav1.CauseTypeFieldValueInvalid, Field: "spec", Message: rest}
		status.Details.Causes = append(status.Details.Causes, last)
	}
	return refusal{invalid, reasonsIn(errs)}
}

// shortened returns an error whose texts are cut.
func shortened(err *field.Error) *field.Error {
	short := *err
	short.Field, short.Detail = cut(err.Field, longestPath), cut(err.Detail, longestDetail)
	if value := reflect.ValueOf(err.BadValue); value.Kind() == reflect.String {
		short.BadValue = cut(value.String(), longestValue)
	}
	return &short
}

// cut shortens a text to a number of bytes, without the half of a character.
func cut(text string, longest int) string {
	if len(text) <= longest {
		return text
	}
	return strings.ToValidUTF8(text[:longest-3], "") + "..."
}
