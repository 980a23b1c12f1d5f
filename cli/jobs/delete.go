package jobs

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/kube"
	"github.com/runai-mpi/runai-mpi/cli/state"
)

// Delete is runai delete job.
type Delete struct {
	Names []string `arg:"" optional:"" name:"NAME" help:"Names of the jobs."`
	All   bool     `help:"Delete all jobs of the project. On a terminal it asks first, elsewhere it requires --yes."`
	Yes   bool     `short:"y" help:"Do not ask before --all."`

	AllProjects bool `short:"A" hidden:""` // the original's short form of --all, which is another flag in runai list
}

// Run deletes each job with its pods, also if another one cannot be deleted. It keeps claims, because the
// data in them is the user's.
func (d *Delete) Run(ctx context.Context, run *invocation.Invocation) error {
	switch {
	case d.AllProjects:
		return invocation.Mistakes{"unknown flag -A for \"runai delete job\": use --all to delete all jobs of a project"}
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
		return d.deleteAll(ctx, run, client)
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

func (d *Delete) deleteAll(ctx context.Context, run *invocation.Invocation, client *kube.Client) error {
	states, scope, err := listStates(ctx, client, run.Scope(client))
	if err != nil {
		return invocation.Failed(client.Explain(err))
	}
	kind, place := placeOf(scope, projectsOf(ctx, client, scope))
	if len(states) == 0 {
		fmt.Fprintf(run.Stdout, "There are no jobs in %s %s.\n", kind, place)
		return nil
	}
	if !d.Yes {
		if err := confirm(ctx, run, fmt.Sprintf("%s in %s %s", numberOf(states), kind, place)); err != nil {
			return err
		}
	}
	var failures invocation.Failure
	for _, s := range states {
		object := &unstructured.Unstructured{}
		object.SetName(s.MPIJob.Name)
		object.SetNamespace(s.MPIJob.Namespace)
		object.SetUID(s.MPIJob.UID)
		var failure invocation.Failure
		if errors.As(deleteOne(ctx, run, client, object), &failure) {
			failures = append(failures, failure...)
		}
	}
	return failures.OrNil()
}

func numberOf(states []state.Job) string {
	if len(states) == 1 {
		return "1 job"
	}
	return fmt.Sprintf("%d jobs", len(states))
}

// confirm returns an error unless the user says that the jobs can be deleted.
func confirm(ctx context.Context, run *invocation.Invocation, jobs string) error {
	if !run.Terminals.Stdin {
		return invocation.Failure{fmt.Sprintf("--all would delete %s: use --yes if that is what you want", jobs)}
	}
	yes, err := run.Ask(ctx, fmt.Sprintf("Delete %s?", jobs))
	if err != nil || !yes {
		return invocation.Failure{"no job was deleted"}
	}
	return nil
}

func deleteOne(ctx context.Context, run *invocation.Invocation, client *kube.Client, object *unstructured.Unstructured) error {
	if err := client.Delete(ctx, kube.MPIJobs, object); err != nil {
		return invocation.Failed(client.Explain(err))
	}
	fmt.Fprintf(run.Stdout, "Job %s deleted successfully.\n", object.GetName()) // the original's own words
	return nil
}
