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
	// Name is the policy's name in run.ai/applied-policies.
	Name string
	// Doc describes the policy for docs/reference/policies.md.
	Doc Doc
	// AppliesTo reports whether Ensure is to be called; nil: for every job.
	AppliesTo func(*v2beta1.MPIJob, Input) bool
	// Ensure changes the job, or returns why it cannot: one error for each cause, with the path of
	// the annotation or field, what is wrong, and what to do instead.
	Ensure func(*v2beta1.MPIJob, Input) field.ErrorList
	// Warn returns what is legal in the final job but surprising. It is called for every admitted
	// job, also for those that the policy does not apply to; nil: nothing.
	Warn func(*v2beta1.MPIJob, Input) []string
	// Owns declares what Ensure writes to a job; nil: nothing that an update may touch.
	Owns func(*v2beta1.MPIJob, Input) Ownership
}

// A Doc is what docs/reference/policies.md says of a policy, in Markdown.
type Doc struct {
	// Does says what the policy does to a job.
	Does string
	// Applies says to which jobs it applies.
	Applies string
	// Reads lists the annotations of the job, keys of the ClusterPolicy ("gpu.fractions") and fields
	// of the Project ("Project spec.queue") that the policy reads.
	Reads []string
}

// Input is what the policies know besides the job. All of it are values: nothing is looked up.
type Input struct {
	// Intent is what the job's annotations ask for.
	Intent annotations.Intent
	// Project is the project of the job's namespace.
	Project *v1alpha1.Project
	// Identity is the identity that the job runs as; nil: it need not run as its submitter.
	Identity *annotations.Identity
	// Submitter is the identity of the submitter, whether or not the job runs as it; nil: unknown.
	Submitter *annotations.Identity
	// Cluster is the policy of the cluster.
	Cluster *config.ClusterPolicy

	chain []Policy // the policies that run together; a policy asks them what they own
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
