package review

import (
	"slices"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// steered returns the verdict on an update that only steers a job: it is refused if it makes the job one that
// the operator or the cluster cannot run. What the stored job already has is no reason, because the cluster
// policy may be stricter today.
func (r Reviewer) steered(stored, updated *v2beta1.MPIJob) Verdict {
	if equality.Semantic.DeepEqual(stored.Spec.RunPolicy, updated.Spec.RunPolicy) && equality.Semantic.DeepEqual(replicasOf(stored), replicasOf(updated)) {
		return Verdict{Class: Steers}
	}
	var known []string
	for _, err := range r.stuck(stored) {
		known = append(known, err.Error())
	}
	errs := slices.DeleteFunc(r.stuck(updated), func(err *field.Error) bool { return slices.Contains(known, err.Error()) })
	// rule T37 in test/forgery TestT37TooManyWorkers: to scale a stored job
	// without: if true {
	if len(errs) == 0 {
		return Verdict{Class: Steers}
	}
	return Verdict{Class: Refused, Reasons: errs}
}

// stuck returns why a job cannot run whose pod templates are as they were admitted.
func (r Reviewer) stuck(job *v2beta1.MPIJob) field.ErrorList {
	steering := *job
	steering.Spec.MPIReplicaSpecs = make(map[v2beta1.MPIReplicaType]*v2beta1.ReplicaSpec, len(job.Spec.MPIReplicaSpecs))
	for role, spec := range job.Spec.MPIReplicaSpecs {
		if spec != nil {
			steering.Spec.MPIReplicaSpecs[role] = &v2beta1.ReplicaSpec{Replicas: spec.Replicas}
		}
	}
	errs := append(validateWorkers(&steering, r.Cluster), mpijob.Validate(&steering)...)
	for _, err := range errs {
		if strings.HasPrefix(err.Field, "metadata.") { // the name, which no update can change
			err.Field, err.BadValue = mpijob.ReplicaPath(mpijob.Worker).Child("replicas").String(), mpijob.Workers(job)
			err.Detail = "makes the host name of the last worker too long: use fewer workers"
		}
	}
	return errs
}

func replicasOf(job *v2beta1.MPIJob) map[v2beta1.MPIReplicaType]*int32 {
	all := make(map[v2beta1.MPIReplicaType]*int32, len(job.Spec.MPIReplicaSpecs))
	for role, spec := range job.Spec.MPIReplicaSpecs {
		if spec != nil {
			all[role] = spec.Replicas
		}
	}
	return all
}
