package policy

import (
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
)

// isInteractive reports whether the job is interactive, by its annotation or its label.
func isInteractive(job *v2beta1.MPIJob, in Input) bool {
	return in.Intent.IsInteractive() || job.Labels[annotations.InteractivePriorityLabel] == annotations.InteractivePriority
}

// ensureInteractive sets the priority and disables retries: a restart would discard the user's session.
func ensureInteractive(job *v2beta1.MPIJob) field.ErrorList {
	errs := ensureLabel(&job.ObjectMeta, field.NewPath("metadata"),
		annotations.InteractivePriorityLabel, annotations.InteractivePriority, sets(annotations.InteractiveKey))
	limit := &job.Spec.RunPolicy.BackoffLimit
	if *limit == nil {
		*limit = new(int32)
	}
	if **limit != 0 {
		errs = append(errs, field.Invalid(field.NewPath("spec", "runPolicy", "backoffLimit"), **limit,
			"an interactive job has no retries: remove it or set 0"))
	}
	return errs
}

// contradictoryPriority returns an error for a job with the label of an interactive job whose annotation
// is false.
func contradictoryPriority(job *v2beta1.MPIJob, in Input) field.ErrorList {
	said := in.Intent.Interactive
	if said == nil || *said || !isInteractive(job, in) {
		return nil
	}
	path := field.NewPath("metadata", "labels").Key(annotations.InteractivePriorityLabel)
	return field.ErrorList{field.Invalid(path, annotations.InteractivePriority,
		"conflicts with "+annotations.InteractiveKey+" (false): remove one of them")}
}
