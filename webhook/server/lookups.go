package server

import (
	"context"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/webhook/identity"
	"github.com/runai-mpi/runai-mpi/webhook/review"
)

// Namespaces knows the namespaces of projects.
type Namespaces interface {
	// FactsOf returns what is known of a namespace. Its errors are API statuses, ready to be answered.
	FactsOf(ctx context.Context, namespace string) (review.NamespaceFacts, error)
}

// Directory has the entries of users.
type Directory interface {
	// EntriesOf returns the entries of a subject. Its errors are API statuses, ready to be answered.
	EntriesOf(ctx context.Context, subject string) ([]v1alpha1.PosixIdentity, error)
}

// Schema knows which fields the cluster's MPIJobs can carry.
type Schema interface {
	// KeepsGroupsPolicy reports whether supplementalGroupsPolicy reaches the pods. Its errors are API
	// statuses, ready to be answered.
	KeepsGroupsPolicy(ctx context.Context) (bool, error)
}

// Lookups are all that the handlers look up.
type Lookups struct {
	Namespaces Namespaces
	Directory  Directory
	Schema     Schema
}

// readCreation decodes the job of a creation and looks up what the cluster knows of it. Both webhooks
// read a creation in this way. Its errors are API statuses, ready to be answered.
func (l Lookups) readCreation(ctx context.Context, request admission.Request, cluster config.Identity) (*v2beta1.MPIJob, review.Request, error) {
	job, err := Decode(request.Object.Raw)
	if err != nil {
		return nil, review.Request{}, err
	}
	facts, err := l.Namespaces.FactsOf(ctx, request.Namespace)
	if err != nil {
		return nil, review.Request{}, err
	}
	submitter, err := l.submitter(ctx, request, job, cluster)
	if err != nil {
		return nil, review.Request{}, err
	}
	keeps, err := l.Schema.KeepsGroupsPolicy(ctx)
	if err != nil {
		return nil, review.Request{}, err
	}
	return job, review.Request{NamespaceFacts: facts, User: request.UserInfo, Submitter: submitter, DropsGroupsPolicy: !keeps}, nil
}

// submitter resolves the identity of the user. That the cluster knows none is a value, which matters
// only to a job that must run as its submitter; that a look-up fails is an error.
func (l Lookups) submitter(ctx context.Context, request admission.Request, job *v2beta1.MPIJob, cluster config.Identity) (review.Submitter, error) {
	question := identity.Question{
		User: request.UserInfo, Namespace: request.Namespace, Client: annotations.ClientIdentityOf(job.Annotations), Now: time.Now(),
	}
	if cluster.Reads(config.SourceDirectory) {
		var err error
		if question.Entries, err = l.Directory.EntriesOf(ctx, request.UserInfo.Username); err != nil {
			return review.Submitter{}, err
		}
	}
	found, err := identity.Resolve(question, cluster)
	return review.Submitter{Identity: found, Unknown: err}, nil
}
