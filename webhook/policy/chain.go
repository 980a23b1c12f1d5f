package policy

import (
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Chain is every policy in the order of its application.
var Chain = []Policy{
	scheduling,
	nodeAffinity,
	gpu,
	Identity, // before all that copies the ids of the main container
	homeDir,
	ssh,
	launcherEnv,
	largeShm,
	gitSync,   // after ssh, whose files it mounts
	startGate, // last, so that a launcher waits for its code before it waits for workers
}

// Apply lets each policy that applies to the job change it, and returns their names and every reason
// why one cannot. The function applied, if it is set, is called after each.
func Apply(job *v2beta1.MPIJob, in Input, applied func(name string, job *v2beta1.MPIJob)) (names []string, errs field.ErrorList) {
	in.chain = Chain
	for _, policy := range Chain {
		if !policy.appliesTo(job, in) {
			continue
		}
		errs = append(errs, policy.Ensure(job, in)...)
		names = append(names, policy.Name)
		if applied != nil {
			applied(policy.Name, job)
		}
	}
	return names, errs
}

// Warn returns what is legal in an admitted job but surprising.
func Warn(job *v2beta1.MPIJob, in Input) []string {
	in.chain = Chain
	var warnings []string
	for _, policy := range Chain {
		if policy.Warn != nil {
			warnings = append(warnings, policy.Warn(job, in)...)
		}
	}
	return warnings
}

// OwnedIn returns what any policy owns in a job, whether or not it applies: the update rule keeps it.
func OwnedIn(job *v2beta1.MPIJob, in Input) Ownership {
	var all Ownership
	for _, policy := range Chain {
		all = all.and(policy.owns(job, in))
	}
	return all
}
