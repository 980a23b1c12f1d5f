package mpijob

import (
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// ValidateComputed returns an error for each field of pods that the API server computes from a class, and which a
// template without such a class sets: the API server refuses every pod.
func ValidateComputed(job *v2beta1.MPIJob) field.ErrorList {
	var errs field.ErrorList
	for _, template := range Templates(job) {
		if len(template.Spec.Overhead) > 0 && template.Spec.RuntimeClassName == nil {
			errs = append(errs, field.Forbidden(template.Path.Child("spec", "overhead"),
				"the API server computes it from runtimeClassName: remove it, or set runtimeClassName to a class with this overhead"))
		}
	}
	return errs
}

// WarnComputed returns a warning for each field that the API server compares with what it computes from a class,
// which only the cluster knows.
func WarnComputed(job *v2beta1.MPIJob) []string {
	var warnings []string
	warn := func(path *field.Path, class string) {
		warnings = append(warnings, path.String()+": the API server computes it from "+class+", and refuses pods with another value: remove it")
	}
	for _, template := range Templates(job) {
		path := func() *field.Path { return template.Path.Child("spec") }
		if template.Spec.Priority != nil {
			warn(path().Child("priority"), "priorityClassName")
		}
		if template.Spec.PreemptionPolicy != nil {
			warn(path().Child("preemptionPolicy"), "priorityClassName")
		}
		if len(template.Spec.Overhead) > 0 && template.Spec.RuntimeClassName != nil {
			warn(path().Child("overhead"), "runtimeClassName")
		}
	}
	return warnings
}
