package review

import (
	"regexp"
	"slices"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/webhook/patch"
)

// steered returns the verdict on an update that only steers a job: it is refused if it makes the job one that
// the operator or the cluster cannot run. What the stored job already has is no reason, because the cluster
// policy may be stricter today.
func (r Reviewer) steered(stored, updated *v2beta1.MPIJob) Verdict {
	if patch.Equal(&stored.Spec, &updated.Spec) {
		return Verdict{Class: Steers}
	}
	errs := r.stuck(updated)
	if len(errs) == 0 {
		return Verdict{Class: Steers}
	}
	known := map[string]bool{}
	for _, err := range r.stuck(stored) {
		known[withoutIndexes(err)] = true
	}
	errs = slices.DeleteFunc(errs, func(err *field.Error) bool { return known[withoutIndexes(err)] })
	// rule T37 in test/forgery TestT37TooManyWorkers: to scale a stored job
	// without: if true {
	if len(errs) == 0 {
		return Verdict{Class: Steers}
	}
	return Verdict{Class: Refused, Reasons: errs}
}

// withoutIndexes returns the text of an error without indexes, which change when an element is added before.
func withoutIndexes(err *field.Error) string { return index.ReplaceAllString(err.Error(), "[]") }

var index = regexp.MustCompile(`\[\d+\]`)

// stuck returns why a stored job cannot run.
func (r Reviewer) stuck(job *v2beta1.MPIJob) field.ErrorList {
	errs := append(validateWorkers(job, r.Cluster), mpijob.Validate(job)...)
	for _, err := range errs {
		if strings.HasPrefix(err.Field, "metadata.") { // the name, which no update can change
			err.Field, err.BadValue = mpijob.ReplicaPath(mpijob.Worker).Child("replicas").String(), mpijob.Workers(job)
			err.Detail = "makes the host name of the last worker too long: use fewer workers"
		}
	}
	return errs
}
