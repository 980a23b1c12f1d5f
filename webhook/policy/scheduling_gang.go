package policy

import (
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/kai"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

const launcherReplicas = "spec.mpiReplicaSpecs.Launcher.replicas"

// ensureReplicas sets the number of launchers to 1, which is the operator's default: schedulers that start the pods
// of a job together add up the replicas of the roles, and KAI refuses a job without them. The replicas of workers are
// not set, because the operator reads missing ones as 0 and refuses the job.
func ensureReplicas(job *v2beta1.MPIJob) {
	if launcher := job.Spec.MPIReplicaSpecs[mpijob.Launcher]; launcher != nil && launcher.Replicas == nil {
		launcher.Replicas = new(int32)
		*launcher.Replicas = 1
	}
}

// refusedGang returns an error for each reason why KAI would never group the pods of a job, or wait for pods that
// the operator does not create.
func refusedGang(job *v2beta1.MPIJob, in Input) field.ErrorList {
	if in.Cluster.GPU.Fractions != config.FractionsKAI && in.Cluster.Scheduling.SchedulerName != kai.SchedulerName {
		return nil
	}
	var errs field.ErrorList
	if job.Spec.MPIReplicaSpecs[mpijob.Worker] == nil {
		errs = append(errs, field.Required(mpijob.ReplicaPath(mpijob.Worker), "the cluster's scheduler does not start a job without workers: set replicas to 1 or more"))
	}
	for _, template := range mpijob.Templates(job) {
		if template.Role != mpijob.Launcher && template.Role != mpijob.Worker {
			errs = append(errs, field.Forbidden(mpijob.ReplicaPath(template.Role),
				"is not a role of the MPI Operator, and the cluster's scheduler would wait for its pods: remove it"))
		}
	}
	return errs
}

// undoReplicas removes the number of launchers, as far as it is stored.
func undoReplicas(u Undoing) {
	if u.Stored == nil {
		return
	}
	launcher, stored := u.Job.Spec.MPIReplicaSpecs[mpijob.Launcher], u.Stored.Spec.MPIReplicaSpecs[mpijob.Launcher]
	if launcher != nil && stored != nil {
		clearEqual(&launcher.Replicas, stored.Replicas)
	}
}
