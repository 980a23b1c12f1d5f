package jobs

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/kube"
)

// Delete is runai delete job.
type Delete struct {
	Names []string `arg:"" optional:"" name:"NAME" help:"Names of the jobs."`
	All   bool     `short:"A" help:"Delete all jobs of the project."`
}

// Run deletes each job with its pods, also if another one cannot be deleted. It keeps claims, because the
// data in them is the user's.
func (d *Delete) Run(ctx context.Context, run *invocation.Invocation) error {
	switch {
	case d.All && len(d.Names) > 0:
		return invocation.Mistakes{"the argument NAME and --all cannot be used together"}
	case !d.All && len(d.Names) == 0:
		return invocation.Mistakes{"missing NAME for \"runai delete job\": name the jobs to delete, or use --all"}
	}
	client, err := run.Connect()
	if err != nil {
		return err
	}
	if d.All {
		return deleteAll(ctx, run, client)
	}
	var failures invocation.Failure
	for _, name := range d.Names {
		object, err := find(ctx, run, client, name)
		if err == nil {
			err = deleteOne(ctx, run, client, object)
		}
		var failure invocation.Failure
		if errors.As(err, &failure) {
			failures = append(failures, failure...)
		}
	}
	return failures.OrNil()
}

func deleteAll(ctx context.Context, run *invocation.Invocation, client *kube.Client) error {
	states, scope, err := listStates(ctx, client, run.Scope(client))
	if err != nil {
		return invocation.Failed(client.Explain(err))
	}
	if len(states) == 0 {
		kind, place := placeOf(scope, projectsOf(ctx, client, scope))
		fmt.Fprintf(run.Stdout, "There are no jobs in %s %s.\n", kind, place)
	}
	var failures invocation.Failure
	for _, s := range states {
		object := &unstructured.Unstructured{}
		object.SetName(s.job.Name)
		object.SetNamespace(s.job.Namespace)
		object.SetUID(s.job.UID)
		var failure invocation.Failure
		if errors.As(deleteOne(ctx, run, client, object), &failure) {
			failures = append(failures, failure...)
		}
	}
	return failures.OrNil()
}

func deleteOne(ctx context.Context, run *invocation.Invocation, client *kube.Client, object *unstructured.Unstructured) error {
	if err := client.Delete(ctx, kube.MPIJobs, object); err != nil {
		return invocation.Failed(client.Explain(err))
	}
	fmt.Fprintf(run.Stdout, "Job %s deleted successfully.\n", object.GetName()) // the original's own words
	return nil
}
