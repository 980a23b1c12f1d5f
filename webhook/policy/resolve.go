package policy

import (
	"errors"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/webhook/identity"
)

// resolveIdentity returns the identity of a job that must run as its submitter: where she asks for it,
// and in a project that requires it. It returns nil for any other job.
func resolveIdentity(in Input, request Request, namespace string) (*annotations.Identity, *field.Error) {
	path, required := annotations.Path(annotations.RunAsUserKey), in.Project.Spec.Identity == v1alpha1.IdentityRequired
	switch asked := in.Intent.RunAsUser; {
	case required && asked != nil && !*asked:
		return nil, field.Invalid(path, "false", "project "+in.Project.Name+" requires that jobs run as their user: write true, or leave it out")
	case !required && (asked == nil || !*asked):
		return nil, nil
	case in.Project.Spec.Identity == v1alpha1.IdentityDisabled:
		return nil, field.Forbidden(path, "is disabled in project "+in.Project.Name+": leave it out, or use another project")
	}
	found, err := whoIs(in, request, namespace)
	if err == nil {
		err = judgeCRD(in, request)
	}
	if err != nil {
		return nil, field.Forbidden(path, err.Error())
	}
	return found, nil
}

// wantsIdentity tells whether the job or its project asks that it runs as its submitter.
func wantsIdentity(in Input) bool {
	return in.Project.Spec.Identity == v1alpha1.IdentityRequired || in.Intent.RunAsUser != nil && *in.Intent.RunAsUser
}

// judgeCRD refuses what a CRD that is too old would lose without a word, after all webhooks: an image
// could then give the user groups.
func judgeCRD(in Input, request Request) error {
	if in.Cluster.Identity.SupplementalGroupsPolicy != config.GroupsStrict || request.KeepsGroupsPolicy == nil {
		return nil
	}
	keeps, err := request.KeepsGroupsPolicy()
	if err != nil || keeps {
		return err
	}
	return errors.New("this cluster's MPIJobs cannot carry supplementalGroupsPolicy, which keeps the groups of an image out: " +
		"ask your administrator to install the CRD of MPI Operator v0.6 or newer")
}

func whoIs(in Input, request Request, namespace string) (*annotations.Identity, error) {
	return identity.Resolve(identity.Question{
		User: request.User, Namespace: namespace, Entries: request.Entries, Client: in.Intent.ClientIdentity, Now: request.Now,
	}, in.Cluster.Identity)
}
