package policy

import (
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

// A Policy ensures one thing in a job.
type Policy struct {
	// Name is the name in run.ai/applied-policies.
	Name string
	// Doc describes the policy for docs/reference/policies.md.
	Doc Doc
	// AppliesTo reports whether Ensure is called. Default: for every job.
	AppliesTo func(*v2beta1.MPIJob, Input) bool
	// Ensure changes the job. It returns one error for each cause, with the path of the annotation or
	// field, what is wrong, and what to do instead.
	Ensure func(*v2beta1.MPIJob, Input) field.ErrorList
	// Warn returns warnings about the final job: what is legal but surprising. It is called for every
	// admitted job, even if the policy does not apply. Default: none.
	Warn func(*v2beta1.MPIJob, Input) []string
	// Owns declares what Ensure writes to a job. Default: nothing.
	Owns func(*v2beta1.MPIJob, Input) Ownership
	// Undo removes what Ensure wrote, other than the containers and volumes that Owns names. Default: nothing.
	Undo func(Undoing)
	// Holds returns an error for each way in which a job that another replica has admitted, perhaps under
	// another cluster policy or project, breaks what this policy must guarantee. Default: nothing.
	Holds func(*v2beta1.MPIJob, Input) field.ErrorList
}

// A Doc is the text about a policy in docs/reference/policies.md, in Markdown.
type Doc struct {
	// Does says what the policy does to a job.
	Does string
	// Applies says to which jobs it applies.
	Applies string
	// Reads lists the annotations of the job, keys of the ClusterPolicy ("gpu.fractions") and fields
	// of the Project ("Project spec.queue") that the policy reads.
	Reads []string
}

// Input is what the policies know in addition to the job. It has values only: nothing is looked up.
type Input struct {
	// Intent is what the job's annotations request.
	Intent annotations.Intent
	// Project is the project of the job's namespace.
	Project *v1alpha1.Project
	// Identity is the identity that the job must run as, or nil if it need not run as its submitter.
	Identity *annotations.Identity
	// Submitter is the identity of the submitter, even if the job does not run as it, or nil if unknown.
	Submitter *annotations.Identity
	// Cluster is the cluster policy.
	Cluster *config.ClusterPolicy

	// Admitted is set if the job says that policies were applied to it, in this admission or before it was exported.
	Admitted bool
	// ByRunai is set if the job was submitted by the command line: it has the gate [IsGated], or had it when it was admitted.
	ByRunai bool

	chain []Policy // the policies that run together, for what the others own
}

func (p Policy) appliesTo(job *v2beta1.MPIJob, in Input) bool {
	return p.AppliesTo == nil || p.AppliesTo(job, in)
}

func (p Policy) owns(job *v2beta1.MPIJob, in Input) Ownership {
	if p.Owns == nil {
		return Ownership{}
	}
	return p.Owns(job, in)
}
