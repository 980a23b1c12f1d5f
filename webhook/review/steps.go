package review

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/webhook/policy"
)

// The steps of a review other than the policies. A refusal has the name of the policy, or of the step, as the Origin of
// its errors.
const (
	// StepAnnotations reads the run.ai/ annotations of a job.
	StepAnnotations = "annotations"
	// StepProject compares the project that a job names with the project of its namespace.
	StepProject = "project"
	// StepRunnable finds what the API server or the MPI Operator would refuse later.
	StepRunnable = "runnable"
	// StepWorkers limits the number of workers.
	StepWorkers = "workers"
	// StepPodSecurity applies the Pod Security Standard of the namespace.
	StepPodSecurity = "pod-security"
	// StepRestrictions applies the restrictions of the cluster policy and of the project.
	StepRestrictions = "restrictions"
	// StepMultiKueue validates copies of jobs from another cluster.
	StepMultiKueue = "multikueue"
)

// Steps returns the names of all policies and steps.
func Steps() []string {
	names := []string{StepAnnotations, StepProject, StepRunnable, StepWorkers, StepPodSecurity, StepRestrictions, StepMultiKueue}
	for _, p := range policy.Chain {
		names = append(names, p.Name)
	}
	return names
}

// during sets the step of errors that have none.
func during(step string, errs field.ErrorList) field.ErrorList {
	for _, err := range errs {
		if err.Origin == "" {
			err.Origin = step
		}
	}
	return errs
}
