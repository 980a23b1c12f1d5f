package jobs

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/kube"
	"github.com/runai-mpi/runai-mpi/cli/output"
)

// Delete is runai delete job.
type Delete struct {
	Names  []string          `arg:"" optional:"" name:"NAME" complete:"jobs" help:"Names of the jobs."`
	All    bool              `short:"A" help:"Delete all jobs of this project only. Asks first on a terminal, and requires --yes elsewhere."`
	Yes    bool              `short:"y" help:"Do not ask before deleting all jobs."`
	DryRun invocation.DryRun `placeholder:"MODE" help:"Print what would be deleted, without deleting it: client (same as --dry-run alone), or server, which also checks your permission. Default: none. Example: --dry-run=server"`
	Output output.Format     `short:"o" placeholder:"FORMAT" help:"Print the deleted jobs: name, yaml, json, jsonpath=TEMPLATE or go-template=TEMPLATE. Example: -o name"`
}

// Help returns examples.
func (*Delete) Help() string {
	return `Examples:

    runai delete dist1 dist2
    runai delete --all --dry-run
    runai delete --all -p team-a --yes`
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
	jobs, failures := d.named(ctx, run, client)
	if d.All {
		if jobs, err = d.all(ctx, run, client); err != nil {
			return err
		}
	}
	var deleted []*unstructured.Unstructured
	for i, job := range jobs {
		if ctx.Err() != nil {
			failures = append(failures, fmt.Sprintf("interrupted: %s not deleted", some(jobNames(jobs[i:]))))
			break
		}
		if err := d.delete(ctx, client, job); err != nil {
			failures = append(failures, client.Explain(err))
			continue
		}
		deleted = append(deleted, job)
		if d.Output.IsTable() {
			d.report(run, job.GetName())
		}
	}
	if len(deleted) > 0 && !d.Output.IsTable() {
		if err := output.Print(run, d.Output, deleted...); err != nil {
			return err
		}
	}
	return failures.OrNil()
}

// named returns the jobs that the user named, and why the others were not found.
func (d *Delete) named(ctx context.Context, run *invocation.Invocation, client *kube.Client) (jobs []*unstructured.Unstructured, failures invocation.Failure) {
	for _, name := range d.Names {
		job, err := find(ctx, run, client, name)
		if err != nil {
			failures = append(failures, invocation.Failed(err.Error())...)
			if ctx.Err() != nil {
				return nil, failures
			}
			continue
		}
		jobs = append(jobs, job)
	}
	return jobs, failures
}

// all returns the jobs of the project, if the user says that they can be deleted.
func (d *Delete) all(ctx context.Context, run *invocation.Invocation, client *kube.Client) ([]*unstructured.Unstructured, error) {
	jobs, scope, err := listJobs(ctx, client, run.Scope(client))
	if err != nil {
		return nil, invocation.Failed(client.Explain(err))
	}
	kind, place := placeOf(scope, projectsOf(ctx, client, scope))
	if len(jobs) == 0 {
		if d.Output.IsTable() {
			fmt.Fprintf(run.Stdout, "There are no jobs in %s %s.\n", kind, place)
		}
		return nil, nil
	}
	if d.Yes || d.isDryRun() {
		return jobs, nil
	}
	return jobs, confirm(ctx, run, fmt.Sprintf("%s in %s %s (%s)", numberOf(jobs), kind, place, some(jobNames(jobs))))
}

func (d *Delete) isDryRun() bool {
	return d.DryRun == invocation.DryRunClient || d.DryRun == invocation.DryRunServer
}

func (d *Delete) delete(ctx context.Context, client *kube.Client, job *unstructured.Unstructured) error {
	if d.DryRun == invocation.DryRunClient {
		return nil
	}
	return client.Delete(ctx, kube.MPIJobs, job, d.isDryRun())
}

func (d *Delete) report(run *invocation.Invocation, name string) {
	if d.isDryRun() {
		fmt.Fprintf(run.Stdout, "Job %s would be deleted (%s dry run).\n", name, d.DryRun)
		return
	}
	fmt.Fprintf(run.Stdout, "Job %s deleted successfully.\n", name) // the original's own words
}

func numberOf(jobs []*unstructured.Unstructured) string {
	if len(jobs) == 1 {
		return "1 job"
	}
	return fmt.Sprintf("%d jobs", len(jobs))
}

// mostNames is the number of names in a question or an error.
const mostNames = 10

func jobNames(jobs []*unstructured.Unstructured) []string {
	names := make([]string, 0, len(jobs))
	for _, job := range jobs {
		names = append(names, job.GetName())
	}
	return names
}

// some lists names, but not more than a line or two.
func some(names []string) string {
	if len(names) <= mostNames {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:mostNames], ", "), len(names)-mostNames)
}

// confirm returns an error unless the user says that the jobs can be deleted.
func confirm(ctx context.Context, run *invocation.Invocation, jobs string) error {
	if !run.Terminals.Stdin {
		return invocation.Failure{fmt.Sprintf("--all would delete %s: use --yes to confirm", jobs)}
	}
	yes, err := run.Ask(ctx, fmt.Sprintf("Delete %s?", jobs))
	if err != nil || !yes {
		return invocation.Failure{"no job was deleted"}
	}
	return nil
}
