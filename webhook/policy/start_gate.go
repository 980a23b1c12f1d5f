package policy

import (
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

const startGateName = "start-gate"

// startGate makes the launcher wait for its workers. The operator's own WaitForWorkersReady is no
// replacement: a suspended job ignores it, a failed worker blocks it, gang scheduling deadlocks, and a ready
// pod says nothing about its sshd.
var startGate = Policy{
	Name: startGateName,
	Doc: Doc{
		Does: "Adds an init container to the launcher that waits until an sshd answers in each worker, on the port that mpirun will use, " +
			"and fails the job after `" + annotations.StartTimeoutKey + "`. It reads the workers from the operator's hostfile when it starts. " +
			"In a job with `schedulingPolicy.minAvailable`, any `minAvailable - 1` workers are enough. " +
			"If the port cannot be known, it waits only until the names of the workers resolve.",
		Applies: "To every job if `start.gate` is true.",
		Reads:   []string{annotations.StartTimeoutKey, "start.gate", "start.timeout", "start.maxTimeout"},
	},
	AppliesTo: func(_ *v2beta1.MPIJob, in Input) bool { return in.Cluster.Start.Gate },
	Ensure:    ensureStartGate,
	Warn:      warnStartGate,
	Owns: func(*v2beta1.MPIJob, Input) Ownership {
		return Ownership{Containers: []string{gateContainer}, Volumes: []string{hostfileVolume}}
	},
}

func ensureStartGate(job *v2beta1.MPIJob, in Input) field.ErrorList {
	var errs field.ErrorList
	most := in.Cluster.Start.MaxTimeout.Duration
	if asked := in.Intent.StartTimeout.Duration(); asked > most {
		errs = append(errs, field.Invalid(annotations.Path(annotations.StartTimeoutKey), in.Intent.StartTimeout.String(),
			"must be at most "+annotations.StartTimeout(most).String()+", the longest that the cluster policy allows (start.maxTimeout)"))
	}
	launcher, hasLauncher := mpijob.TemplateOf(job, mpijob.Launcher)
	worker, hasWorker := mpijob.TemplateOf(job, mpijob.Worker)
	if !hasLauncher || !hasWorker || launcher.Main() == nil || worker.Main() == nil {
		return errs // reported by the final validation
	}
	if err := ensureHostfile(job, launcher, in); err != nil {
		errs = append(errs, err)
	}
	if err := ensureInitContainer(launcher, in, gate(job, launcher, in), gateAsker); err != nil {
		errs = append(errs, err)
	}
	return errs
}

// isGenerated reports whether the API server sets the name between the mutating and the validating webhook.
func isGenerated(job *v2beta1.MPIJob) bool { return job.GenerateName != "" }

func warnStartGate(job *v2beta1.MPIJob, in Input) []string {
	var warnings []string
	if in.Cluster.Start.Gate && isGenerated(job) {
		warnings = append(warnings, "metadata.generateName: Kueue's ProvisioningRequests do not work with it, "+
			"because the launcher's init container mounts a volume that the MPI Operator adds: use metadata.name if the cluster uses them")
	}
	if !in.Cluster.Start.Gate && in.Intent.StartTimeout > 0 {
		warnings = append(warnings, annotations.Path(annotations.StartTimeoutKey).String()+
			": is ignored, because launchers do not wait for workers on this cluster (start.gate is false in the cluster policy)")
	}
	return warnings
}
