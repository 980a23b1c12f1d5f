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

// Namespaces looks up the namespaces of projects.
type Namespaces interface {
	// FactsOf returns the facts about a namespace. Its errors are API statuses for the client.
	FactsOf(ctx context.Context, namespace string) (review.NamespaceFacts, error)
}

// Directory looks up PosixIdentity entries.
type Directory interface {
	// EntriesOf returns the entries of a subject. Its errors are API statuses for the client.
	EntriesOf(ctx context.Context, subject string) ([]v1alpha1.PosixIdentity, error)
}

// Schema reports which fields the cluster's MPIJob CRD has.
type Schema interface {
	// KeepsGroupsPolicy reports whether supplementalGroupsPolicy reaches the pods. Its errors are API
	// statuses for the client.
	KeepsGroupsPolicy(ctx context.Context) (bool, error)
}

// Lookups are all look-ups of the handlers.
type Lookups struct {
	Namespaces Namespaces
	Directory  Directory
	Schema     Schema
}

// readCreation decodes the job of a creation and looks up what the cluster knows about it, for both
// webhooks. Its errors are API statuses for the client.
func (l Lookups) readCreation(ctx context.Context, request admission.Request, cluster config.Identity) (*v2beta1.MPIJob, review.Request, error) {
	if err := awaited(ctx); err != nil {
		return nil, review.Request{}, err
	}
	job, err := DecodeNew(request.Object.Raw)
	if err != nil {
		return nil, review.Request{}, err
	}
	job.Namespace = request.Namespace // the policies must not read another one
	if err := awaited(ctx); err != nil {
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

// submitter resolves the identity of the user. A failed look-up is an error. A user without an identity
// is not: it matters only to a job that must run as its submitter.
func (l Lookups) submitter(ctx context.Context, request admission.Request, job *v2beta1.MPIJob, cluster config.Identity) (review.Submitter, error) {
	question := identity.Question{
		User: request.UserInfo, Namespace: request.Namespace, Client: annotations.ClientIdentityOf(job.Annotations), Now: time.Now(),
	}
	return resolve(ctx, l.Directory, question, cluster)
}

// resolve answers a question after it has looked up the entries of the user.
func resolve(ctx context.Context, directory Directory, question identity.Question, cluster config.Identity) (review.Submitter, error) {
	if cluster.Reads(config.SourceDirectory) {
		var err error
		if question.Entries, err = directory.EntriesOf(ctx, question.User.Username); err != nil {
			return review.Submitter{}, err
		}
	}
	found, err := identity.Resolve(question, cluster)
	return review.Submitter{Identity: found, Unknown: err}, nil
}
