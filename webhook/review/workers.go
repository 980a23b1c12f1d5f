package review

import (
	"fmt"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// validateWorkers returns an error for more workers than the cluster policy allows, or than the operator has
// room for: it lists them in memory and in one ConfigMap, and dies or never starts the job.
func validateWorkers(job *v2beta1.MPIJob, cluster *config.ClusterPolicy) field.ErrorList {
	var errs field.ErrorList
	most, workers, path := cluster.Workers.Max, mpijob.Workers(job), mpijob.ReplicaPath(mpijob.Worker).Child("replicas")
	fitting := mpijob.MostWorkers(job)
	switch {
	// rule T37 in test/forgery TestT37TooManyWorkers: 2147483647 workers
	case workers > most && most <= fitting:
		errs = append(errs, field.Invalid(path, workers, fmt.Sprintf(
			"must be at most %d on this cluster: ask your administrator to raise workers.max of the cluster policy", most)))
	// rule T37 in test/forgery TestT37TooManyHosts: more hosts than the operator's ConfigMap can have
	case workers > fitting:
		errs = append(errs, field.Invalid(path, workers, fmt.Sprintf(
			"must be at most %d: the names of more hosts do not fit into the operator's ConfigMap; a shorter name of the job allows more", fitting)))
	}
	return append(errs, validateMinAvailable(job, cluster)...)
}

// validateMinAvailable validates the number of pods that must be able to start together. KAI waits for all of them
// to exist.
func validateMinAvailable(job *v2beta1.MPIJob, cluster *config.ClusterPolicy) field.ErrorList {
	policy := job.Spec.RunPolicy.SchedulingPolicy
	if policy == nil || policy.MinAvailable == nil {
		return nil
	}
	path, least, most := field.NewPath("spec", "runPolicy", "schedulingPolicy", "minAvailable"), *policy.MinAvailable, int64(cluster.Workers.Max)+1
	pods := int64(mpijob.Workers(job)) + 1
	switch {
	// rule T37 in test/forgery TestT37TooManyWorkers: a negative number of pods that must start together
	case least < 0 || int64(least) > most:
		return field.ErrorList{field.Invalid(path, least, fmt.Sprintf("must be from 0 to %d: the workers and the launcher", most))}
	case cluster.GPU.Fractions == config.FractionsKAI && int64(least) > pods:
		return field.ErrorList{field.Invalid(path, least, fmt.Sprintf("must be at most %d, the workers and the launcher: the job would never start", pods))}
	}
	return nil
}
