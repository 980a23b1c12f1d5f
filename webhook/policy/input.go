package policy

import (
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/pod-security-admission/api"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

// Input is what the policies know beside the job.
type Input struct {
	// Intent is what the job's annotations ask for.
	Intent annotations.Intent
	// Project is the one of the job's namespace.
	Project *v1alpha1.Project
	// PodSecurity is what the job's namespace enforces of the Pod Security Standards.
	PodSecurity api.LevelVersion
	// Identity is whom the job runs as, nil where it need not run as its submitter.
	Identity *annotations.Identity
	// Cluster is the policy of the cluster.
	Cluster *config.ClusterPolicy
}

// A Policy ensures one thing in a job.
type Policy struct {
	// Name stands in run.ai/applied-policies.
	Name string
	// Asked tells whether the policy applies to the job; nil: to every job.
	Asked func(*v2beta1.MPIJob, Input) bool
	// Ensure changes the job, or returns why it cannot: one error for each cause, with the path of
	// the annotation or field, what is wrong, and what to write instead.
	Ensure func(*v2beta1.MPIJob, Input) field.ErrorList
}

func (p Policy) applies(job *v2beta1.MPIJob, in Input) bool {
	return p.Asked == nil || p.Asked(job, in)
}
