package jobs

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/kube"
	"github.com/runai-mpi/runai-mpi/cli/state"
	"github.com/runai-mpi/runai-mpi/shared/suggest"
)

// find returns a job in the scope of the command, by its name or as kubectl prints it, mpijob.kubeflow.org/dist1. Its
// errors are ready to print.
func find(ctx context.Context, run *invocation.Invocation, client *kube.Client, name string) (*unstructured.Unstructured, error) {
	scope := run.Scope(client)
	name = withoutType(name)
	object, err := client.Get(ctx, kube.MPIJobs, scope.Namespace, name)
	if kube.IsMissing(err) && scope.IsGuess() {
		other, lookupErr := client.Lookup(ctx, scope)
		switch {
		case lookupErr == nil:
			scope = other
			object, err = client.Get(ctx, kube.MPIJobs, scope.Namespace, name)
		case !kube.IsForbidden(lookupErr):
			err = lookupErr
		}
	}
	if kube.IsMissing(err) {
		return nil, missingError{notFound(ctx, client, scope, name)}
	}
	if err != nil {
		return nil, append(invocation.Failed(client.Explain(err)), aboutPod(scope)...)
	}
	return object, nil
}

// A missingError is the error of a job that does not exist, in a project that does.
type missingError struct{ invocation.Failure }

func (e missingError) Unwrap() error { return e.Failure }

// notFound returns the error of a job that does not exist, with the job of the nearest name as a hint.
func notFound(ctx context.Context, client *kube.Client, scope kube.Scope, name string) invocation.Failure {
	kind, place := placeOf(scope, projectsOf(ctx, client, scope))
	failure := append(invocation.Failure{
		fmt.Sprintf("job %q not found in %s %q: use -p if it is in another project", name, kind, place)}, aboutPod(scope)...)
	known, _ := client.Names(ctx, kube.MPIJobs, scope.Namespace) // without them there is no hint
	if nearest := suggest.Nearest(name, known); nearest != "" {
		failure = append(failure, fmt.Sprintf("Did you mean %q?", nearest))
	}
	return failure
}

// aboutPod returns that -p is the project, if a pod was typed for it: kubectl has no such flag, and the original had -p
// for the pod of logs.
func aboutPod(scope kube.Scope) []string {
	if !podName.MatchString(scope.Project) {
		return nil
	}
	return []string{fmt.Sprintf("-p is the project, and %s looks like a pod: use --pod %s", scope.Project, scope.Project)}
}

var podName = regexp.MustCompile(`-(?:worker-[0-9]+|launcher(?:-[a-z0-9]{5})?)$`)

// withoutType returns the name of a job that kubectl prints with its type.
func withoutType(name string) string {
	kind, rest, found := strings.Cut(name, "/")
	if kind, _, _ = strings.Cut(kind, "."); found && slices.Contains([]string{"job", "jobs", "mpijob", "mpijobs"}, kind) {
		return rest
	}
	return name
}

// Find returns a job in the scope of the command, as stored in the cluster. Its errors are ready to print.
func Find(ctx context.Context, run *invocation.Invocation, client *kube.Client, name string) (*unstructured.Unstructured, error) {
	return find(ctx, run, client, name)
}

// findState returns a job and its pods.
func findState(ctx context.Context, run *invocation.Invocation, client *kube.Client, name string) (state.Job, error) {
	object, err := find(ctx, run, client, name)
	if err != nil {
		return state.Job{}, err
	}
	return stateOf(ctx, run, client, object)
}

func stateOf(ctx context.Context, run *invocation.Invocation, client *kube.Client, object *unstructured.Unstructured) (state.Job, error) {
	job := &v2beta1.MPIJob{}
	if err := kube.Decode(object, job); err != nil {
		return state.Job{}, invocation.Failure{err.Error()}
	}
	pods, err := client.JobPods(ctx, job.Namespace, job.Name)
	if err != nil {
		return state.Job{}, invocation.Failed(client.Explain(err))
	}
	s := state.New(job, pods)
	s.Flags = run.Scope(client).Flags()
	return s, nil
}

// listJobs returns the jobs in a scope as stored in the cluster. If there are none, it looks for another namespace of
// the project.
func listJobs(ctx context.Context, client *kube.Client, scope kube.Scope) ([]*unstructured.Unstructured, kube.Scope, error) {
	jobs, err := client.Jobs(ctx, scope.Namespace)
	if err == nil && len(jobs) == 0 && scope.IsGuess() {
		if scope, err = client.Lookup(ctx, scope); err == nil {
			jobs, err = client.Jobs(ctx, scope.Namespace)
		} else if kube.IsForbidden(err) {
			err = nil // users who are not allowed to list namespaces get an empty list
		}
	}
	return jobs, scope, err
}

// statesOf returns jobs of a namespace, or of all namespaces if it is "", with their pods.
func statesOf(ctx context.Context, client *kube.Client, namespace string, jobs []*unstructured.Unstructured) ([]state.Job, error) {
	if len(jobs) == 0 {
		return nil, nil
	}
	pods, err := client.JobPods(ctx, namespace, "")
	if err != nil {
		return nil, err
	}
	typed := make([]*v2beta1.MPIJob, len(jobs))
	for i, object := range jobs {
		typed[i] = &v2beta1.MPIJob{}
		if err := kube.Decode(object, typed[i]); err != nil {
			return nil, err
		}
	}
	return state.NewAll(typed, pods), nil
}

// placeOf returns what a command addresses, for a message: a project, or a namespace that has none.
func placeOf(scope kube.Scope, project func(string) string) (kind, name string) {
	name = project(scope.Namespace)
	if scope.Project == "" && name == scope.Namespace {
		return "namespace", name
	}
	return "project", name
}

// projectsOf returns a function from a namespace of the scope to its project: the one that the user set, else the
// one in the label, else the one in the namespace's name, for users who are not allowed to read labels.
func projectsOf(ctx context.Context, client *kube.Client, scope kube.Scope) func(namespace string) string {
	project := scope.Project
	if project == "" && scope.Namespace != "" {
		project = client.ProjectOfNamespace(ctx, scope.Namespace)
	}
	if project != "" {
		return func(string) string { return project }
	}
	labels, _ := client.ProjectsByNamespace(ctx, kube.ProjectLabel)
	return func(namespace string) string {
		if project := labels[namespace]; project != "" {
			return project
		}
		return kube.ProjectOf(namespace)
	}
}
