package submit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
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
	options   Options
	client    *kube.Client
	project   string
	namespace string
	named     bool // the namespace is what the user wrote
}

// submit creates the job. Whatever goes wrong, nothing of it stays behind.
func (s *submission) submit(ctx context.Context) (*unstructured.Unstructured, error) {
	job, err := s.create(ctx)
	if kube.IsNoNamespace(err) && s.project != "" && !s.named {
		if s.namespace, err = s.findNamespace(ctx); err != nil {
			return nil, err
		}
		job, err = s.create(ctx)
	}
	if err != nil {
		return nil, s.explain(err)
	}
	if job.GetAnnotations()[annotations.AppliedPoliciesKey] == "" {
		return nil, s.takeBack(ctx, job)
	}
	return job, nil
}

func (s *submission) create(ctx context.Context) (*unstructured.Unstructured, error) {
	if name := s.GivenName(); name != "" {
		return s.createNamed(ctx, name)
	}
	taken, err := s.client.Names(ctx, s.namespace)
	if err != nil {
		return nil, err
	}
	for n := 0; ; n++ {
		name := fmt.Sprintf("%s-%d", s.Prefix(), n)
		if slices.Contains(taken, name) {
			continue
		}
		job, err := s.createNamed(ctx, name)
		if !apierrors.IsAlreadyExists(err) { // somebody else was faster
			return job, err
		}
	}
}

// createNamed tries for a while where the webhook does not know the project yet.
func (s *submission) createNamed(ctx context.Context, name string) (*unstructured.Unstructured, error) {
	job, err := lean(s.options.Job(name, s.namespace))
	if err != nil {
		return nil, err
	}
	dryRun := s.DryRun == "server"
	deadline := time.Now().Add(patience)
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		stored, err := s.client.Create(ctx, job, dryRun)
		switch {
		case kube.IsUnavailable(err) && time.Now().Add(pause).Before(deadline) && sleep(ctx, pause):
			continue
		case err != nil && kube.IsAmbiguous(err) && !dryRun:
			return s.recover(ctx, name, err)
		}
		return stored, err
	}
}

// sleep tells whether the time passed without an interruption.
func sleep(ctx context.Context, pause time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(pause):
		return true
	}
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
	case apierrors.IsAlreadyExists(err):
		return invocation.Failure{fmt.Sprintf("--name %s is the name of a job in namespace %s already: write another, or delete that job first", s.GivenName(), s.namespace)}
	case kube.IsNoNamespace(err):
		return invocation.Failure{fmt.Sprintf("namespace %s does not exist: write -p PROJECT, or another namespace with -n", s.namespace)}
	}
	return invocation.Failure(strings.Split(s.client.Explain(err), "\n"))
}

// findNamespace looks for the namespace of a project that does not bear its name.
func (s *submission) findNamespace(ctx context.Context) (string, error) {
	found, err := s.client.NamespacesOf(ctx, s.project)
	switch {
	case apierrors.IsForbidden(err):
		return "", invocation.Failure{fmt.Sprintf("--project %s: namespace %s does not exist, and you may not look for another one: write it with -n", s.project, s.namespace)}
	case err != nil:
		return "", s.explain(err)
	case len(found) == 0:
		return "", invocation.Failure{fmt.Sprintf("--project %s does not exist: there is neither a namespace %s nor one with the label %s=%s", s.project, s.namespace, kube.ProjectLabel, s.project)}
	case len(found) > 1:
		return "", invocation.Failure{fmt.Sprintf("--project %s has the namespaces %s: write one of them with -n", s.project, strings.Join(found, ", "))}
	}
	return found[0], nil
}
