package review

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/webhook/policy"
)

// identityOf returns the identity that a job must run as, or nil if neither the job nor its project
// requires one.
func identityOf(in policy.Input, request Request) (*annotations.Identity, *field.Error) {
	path, required := annotations.Path(annotations.RunAsUserKey), in.Project.Spec.Identity == v1alpha1.IdentityRequired
	switch asked := in.Intent.RunAsUser; {
	// rule T03 in test/forgery TestT03NotAsking: to decline
	case required && asked != nil && !*asked:
		return nil, field.Invalid(path, "false", "project "+in.Project.Name+" requires jobs to run as their user: remove it or set \"true\"")
	// rule T03 in test/forgery TestT03NotAsking: not to ask, and to write another uid
	// without: case asked == nil || !*asked:
	case !required && (asked == nil || !*asked):
		return nil, nil
	case in.Project.Spec.Identity == v1alpha1.IdentityDisabled:
		return nil, field.Forbidden(path, "is not allowed in project "+in.Project.Name+": remove it or use another project")
	case request.Submitter.Unknown != nil:
		return nil, field.Forbidden(path, request.Submitter.Unknown.Error())
	// rule T06 in test/forgery TestT06OldCRD: a CRD that drops supplementalGroupsPolicy
	case request.DropsGroupsPolicy && in.Cluster.Identity.SupplementalGroupsPolicy == config.GroupsStrict:
		return nil, field.Forbidden(path, "the cluster's MPIJob CRD is too old to keep the image's groups out: "+
			"ask your administrator to install the CRD of MPI Operator v0.8")
	}
	return request.Submitter.Identity, nil
}

// wantsIdentity reports whether the job or its project requires that it runs as its submitter.
func wantsIdentity(in policy.Input) bool {
	return in.Project.Spec.Identity == v1alpha1.IdentityRequired || in.Intent.RunAsUser != nil && *in.Intent.RunAsUser
}
