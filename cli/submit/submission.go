package submit

import (
	"context"
	"errors"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/kube"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
)

// namesToTry bounds how often a generated name can be taken meanwhile, also by a loop that submits in the background.
const namesToTry = 200

// A submission creates one job in a cluster.
type submission struct {
	*Flags
	request Request
	client  *kube.Client
	scope   kube.Scope
}

// submit creates the job, its Secret and its claims, and returns them in this order. If anything fails, it
// deletes what it created.
func (s *submission) submit(ctx context.Context) ([]*unstructured.Unstructured, error) {
	created, err := s.create(ctx)
	if kube.IsNoNamespace(err) && s.scope.IsGuess() {
		if err = s.lookup(ctx); err == nil {
			created, err = s.create(ctx)
		}
	}
	if err != nil {
		return nil, s.explain(err)
	}
	return created, nil
}

func (s *submission) create(ctx context.Context) ([]*unstructured.Unstructured, error) {
	if err := s.missing(ctx); err != nil {
		return nil, err
	}
	if name := s.GivenName(); name != "" {
		return s.createAll(ctx, name)
	}
	taken, err := s.takenNames(ctx)
	if err != nil {
		return nil, err
	}
	for n, tries := 0, 0; tries < namesToTry; n++ {
		name := fmt.Sprintf("%s-%d", s.Prefix(), n)
		if taken(name) {
			continue
		}
		created, err := s.createAll(ctx, name)
		if !apierrors.IsAlreadyExists(err) {
			return created, err
		}
		tries++ // another user has taken the name since
	}
	return nil, invocation.Failure{fmt.Sprintf("other jobs took %d generated names in the meantime: try again, or use --name", namesToTry)}
}

// takenNames returns a function that reports whether a generated name is in use. A claim that the job
// would create counts too, so that no job mounts the data of another.
func (s *submission) takenNames(ctx context.Context) (func(name string) bool, error) {
	jobs, err := s.client.Names(ctx, kube.MPIJobs, s.scope.Namespace)
	if err != nil {
		return nil, err
	}
	var claims []string
	if s.request.createsClaims() {
		if claims, err = s.client.Names(ctx, kube.Claims, s.scope.Namespace); err != nil {
			return nil, err
		}
	}
	takenJobs, takenClaims := sets.New(jobs...), sets.New(claims...)
	return func(name string) bool {
		isTaken := func(claim *unstructured.Unstructured) bool { return takenClaims.Has(claim.GetName()) }
		return takenJobs.Has(name) || slices.ContainsFunc(s.request.newClaims(name, s.scope.Namespace), isTaken)
	}, nil
}

// createAll creates the job first, because it may be refused. Its pods wait for the other objects.
func (s *submission) createAll(ctx context.Context, name string) ([]*unstructured.Unstructured, error) {
	job, err := s.createJob(ctx, name)
	if err != nil {
		return nil, err
	}
	created := []*unstructured.Unstructured{job}
	if job.GetAnnotations()[annotations.AppliedPoliciesKey] == "" {
		return nil, s.takeBack(ctx, created, invocation.Failure{s.notAdmitted(name)})
	}
	for _, companion := range s.companions(job) {
		if err := ctx.Err(); err != nil {
			return nil, s.takeBack(ctx, created, err)
		}
		stored, err := s.client.Create(ctx, kube.ResourceOf(companion), companion, s.isDryRun())
		if err != nil {
			return nil, s.takeBack(ctx, created, s.companionFailed(companion, err))
		}
		created = append(created, stored)
	}
	if err := ctx.Err(); err != nil {
		return nil, s.takeBack(ctx, created, err)
	}
	return created, nil
}

// companions returns the objects that the job's pods wait for: its Secret, if any, and its new claims.
func (s *submission) companions(job *unstructured.Unstructured) []*unstructured.Unstructured {
	claims := s.request.newClaims(job.GetName(), s.scope.Namespace)
	if s.request.credential == nil {
		return claims
	}
	return append([]*unstructured.Unstructured{s.request.credential.secret(job)}, claims...)
}

func (s *submission) createJob(ctx context.Context, name string) (*unstructured.Unstructured, error) {
	job, err := withoutEmpty(s.request.Job(name, s.scope.Namespace))
	if err != nil {
		return nil, err
	}
	return s.client.Create(ctx, kube.MPIJobs, job, s.isDryRun())
}

func (s *submission) isDryRun() bool { return s.DryRun == invocation.DryRunServer }

// lookup finds the namespace of a project by its label.
func (s *submission) lookup(ctx context.Context) error {
	scope, err := s.client.Lookup(ctx, s.scope)
	if apierrors.IsForbidden(err) {
		return invocation.Failure{fmt.Sprintf("namespace %q of project %q not found, and you are not allowed to list namespaces: "+
			"set the project's namespace with -n", scope.Namespace, scope.Project)}
	}
	s.scope = scope
	return err
}

// explain returns why the job was not created, one line for each cause, with flags in place of fields.
func (s *submission) explain(err error) error {
	var failure invocation.Failure
	if errors.As(err, &failure) {
		return failure
	}
	var status apierrors.APIStatus
	if apierrors.IsInvalid(err) && errors.As(err, &status) && status.Status().Details != nil {
		for _, cause := range status.Status().Details.Causes {
			if text := invocation.Problem(s.request.explainField(cause.Field, cause.Message)); !slices.Contains(failure, text) {
				failure = append(failure, text)
			}
		}
	}
	switch {
	case len(failure) > 0:
		return failure
	case errors.Is(err, kube.ErrTooMany):
		return invocation.Failure{fmt.Sprintf("cannot find a free name in namespace %s: it has %s; use --name", s.scope.Namespace, err)}
	case errors.Is(err, kube.ErrUnknown):
		return invocation.Failure{s.client.Explain(err),
			fmt.Sprintf("the job may have been created: check with 'kubectl get mpijobs -n %s'; "+
				"its pods start only if it was admitted", s.scope.Namespace)}
	case apierrors.IsAlreadyExists(err):
		return invocation.Failure{fmt.Sprintf("job %q already exists in namespace %s: "+
			"use another name, or delete it with 'runai delete job %s%s'",
			s.GivenName(), s.scope.Namespace, s.GivenName(), s.scope.Flags())}
	case kube.IsNoNamespace(err):
		return invocation.Failure{fmt.Sprintf("namespace %q not found: set the project with -p, or another namespace with -n", s.scope.Namespace)}
	}
	return invocation.Failed(s.client.Explain(err))
}
