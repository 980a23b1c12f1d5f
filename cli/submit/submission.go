package submit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/kube"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
)

const (
	patience   = 10 * time.Second // for a webhook that does not know the project yet
	firstPause = 100 * time.Millisecond
	lastPause  = 2 * time.Second
)

// A submission is one job on its way into a cluster.
type submission struct {
	*Flags
	request Request
	client  *kube.Client
	scope   kube.Scope
}

// submit creates the job and its claims, and returns them in this order. Whatever goes wrong, nothing
// stays behind.
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
	if name := s.GivenName(); name != "" {
		return s.createAll(ctx, name)
	}
	taken, err := s.takenNames(ctx)
	if err != nil {
		return nil, err
	}
	for n := 0; ; n++ {
		name := fmt.Sprintf("%s-%d", s.Prefix(), n)
		if taken(name) {
			continue
		}
		created, err := s.createAll(ctx, name)
		if !apierrors.IsAlreadyExists(err) { // somebody else was faster
			return created, err
		}
	}
}

// takenNames tells which generated names are in use. A job's name is taken by a claim that it would
// create, too: nobody mounts a stranger's data.
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
	return func(name string) bool {
		isTaken := func(claim *unstructured.Unstructured) bool { return slices.Contains(claims, claim.GetName()) }
		return slices.Contains(jobs, name) || slices.ContainsFunc(s.request.newClaims(name, s.scope.Namespace), isTaken)
	}, nil
}

// createAll creates the job first, because it may be refused; its pods wait for the rest.
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

// companions are what the job's pods wait for: its Secret, if it has one, and new claims.
func (s *submission) companions(job *unstructured.Unstructured) []*unstructured.Unstructured {
	claims := s.request.newClaims(job.GetName(), s.scope.Namespace)
	if s.request.credential == nil {
		return claims
	}
	return append([]*unstructured.Unstructured{s.request.credential.secret(job)}, claims...)
}

// createJob tries for a while where the webhook does not know the project yet.
func (s *submission) createJob(ctx context.Context, name string) (*unstructured.Unstructured, error) {
	job, err := withoutEmpty(s.request.Job(name, s.scope.Namespace))
	if err != nil {
		return nil, err
	}
	deadline := time.Now().Add(patience)
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		stored, err := s.client.Create(ctx, kube.MPIJobs, job, s.isDryRun())
		if !kube.IsUnavailable(err) || time.Now().Add(pause).After(deadline) || !sleep(ctx, pause) {
			return stored, err
		}
	}
}

func (s *submission) isDryRun() bool { return s.DryRun == "server" }

// sleep tells whether the time passed without an interruption.
func sleep(ctx context.Context, pause time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(pause):
		return true
	}
}

// lookup looks for the namespace of a project that does not bear its name.
func (s *submission) lookup(ctx context.Context) error {
	scope, err := s.client.Lookup(ctx, s.scope)
	if apierrors.IsForbidden(err) {
		return invocation.Failure{fmt.Sprintf("--project %s: namespace %s does not exist, and you may not look for another one: "+
			"write it with -n", scope.Project, scope.Namespace)}
	}
	s.scope = scope
	return err
}

// explain says why the job was not created, one line for each cause, in the words of the command line.
func (s *submission) explain(err error) error {
	var failure invocation.Failure
	if errors.As(err, &failure) {
		return failure
	}
	var status apierrors.APIStatus
	if apierrors.IsInvalid(err) && errors.As(err, &status) && status.Status().Details != nil {
		for _, cause := range status.Status().Details.Causes {
			if said := line(cause.Field, cause.Message); !slices.Contains(failure, said) {
				failure = append(failure, said)
			}
		}
	}
	switch {
	case len(failure) > 0:
		return failure
	case errors.Is(err, kube.ErrUnknown):
		return invocation.Failure{s.client.Explain(err),
			fmt.Sprintf("the job may have been created: look with kubectl get mpijobs -n %s; "+
				"its pods start only if it was admitted", s.scope.Namespace)}
	case apierrors.IsAlreadyExists(err):
		return invocation.Failure{fmt.Sprintf("--name %s is the name of a job in namespace %s already: "+
			"write another, or delete that job first", s.GivenName(), s.scope.Namespace)}
	case kube.IsNoNamespace(err):
		return invocation.Failure{fmt.Sprintf("namespace %s does not exist: write -p PROJECT, or another namespace with -n", s.scope.Namespace)}
	}
	return invocation.Failed(s.client.Explain(err))
}
