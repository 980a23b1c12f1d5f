package policy

import (
	"slices"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// Chain lists every policy in the order in which they are applied.
var Chain = []Policy{
	scheduling,
	nodeAffinity,
	gpu,
	Identity, // before every policy that copies the ids of the main container
	homeDir,
	ssh,
	launcherEnv,
	largeShm,
	gitSync,   // after ssh, whose files it mounts
	startGate, // last, so that a launcher waits for its code before it waits for workers
}

// Apply changes the job with each policy that applies to it. It returns the names of these policies and
// all of their errors, whose Origin is the name of the policy. If applied is set, it is called after each policy.
func Apply(job *v2beta1.MPIJob, in Input, applied func(name string, job *v2beta1.MPIJob)) (names []string, errs field.ErrorList) {
	in.chain = Chain
	names = make([]string, 0, len(Chain))
	if _, admitted := job.Annotations[annotations.AppliedPoliciesKey]; !admitted { // else almost nothing is appended
		makeRoom(job)
	}
	for _, policy := range Chain {
		if !policy.appliesTo(job, in) {
			continue
		}
		errs = append(errs, policy.Ensure(job, in).WithOrigin(policy.Name)...)
		names = append(names, policy.Name)
		if applied != nil {
			applied(policy.Name, job)
		}
	}
	return names, errs
}

// makeRoom makes the lists long enough for what the policies append, so that they are copied once.
func makeRoom(job *v2beta1.MPIJob) {
	for _, template := range mpijob.Templates(job) {
		grow(&template.Spec.Volumes)
		if main := template.Main(); main != nil {
			grow(&main.Env)
			grow(&main.VolumeMounts)
		}
	}
}

func grow[T any](list *[]T) {
	const added = 10    // at most, but for variables of a launcher
	if len(*list) > 0 { // an empty list stays nil
		*list = slices.Grow(*list, added)
	}
}

// Warn returns warnings about an admitted job: what is legal but surprising. If warned is set, it is called with the name
// of each policy that has a warning.
func Warn(job *v2beta1.MPIJob, in Input, warned func(name string)) []string {
	in.chain = Chain
	var warnings []string
	for _, policy := range Chain {
		if policy.Warn == nil {
			continue
		}
		found := policy.Warn(job, in)
		if warnings = append(warnings, found...); len(found) > 0 && warned != nil {
			warned(policy.Name)
		}
	}
	return warnings
}

// Holds returns an error for each guarantee of a policy that a job breaks, whoever admitted it.
func Holds(job *v2beta1.MPIJob, in Input) field.ErrorList {
	in.chain = Chain
	var errs field.ErrorList
	for _, policy := range Chain {
		if policy.Holds != nil && policy.appliesTo(job, in) {
			errs = append(errs, policy.Holds(job, in).WithOrigin(policy.Name)...)
		}
	}
	return errs
}

// OwnedIn returns what the policies own in a job, including those that do not apply. No update may
// change it.
func OwnedIn(job *v2beta1.MPIJob, in Input) Ownership {
	var all Ownership
	for _, policy := range Chain {
		all.add(policy.owns(job, in))
	}
	return all
}
