package jobs

import (
	"context"
	"fmt"
	"time"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/kube"
	"github.com/runai-mpi/runai-mpi/cli/output"
	"github.com/runai-mpi/runai-mpi/cli/state"
)

// List is runai list jobs.
type List struct {
	AllProjects bool          `short:"A" help:"List the jobs of all projects."`
	Watch       bool          `short:"w" help:"Keep watching until Ctrl-C, and print each job again when it changes."`
	Output      output.Format `short:"o" formats:"name,wide,yaml,json" placeholder:"FORMAT" help:"Print more columns (wide), or the jobs as stored in the cluster: name, yaml, json, jsonpath=TEMPLATE or go-template=TEMPLATE. Example: -o wide"`
}

// Help returns examples.
func (*List) Help() string {
	return `Examples:

    runai list -w
    runai list -A -o wide
    runai list -o jsonpath='{.items[*].metadata.name}'`
}

// Run prints the original's table, because scripts parse it.
func (l *List) Run(ctx context.Context, run *invocation.Invocation) error {
	client, err := run.Connect()
	if err != nil {
		return err
	}
	scope := run.Scope(client)
	if l.AllProjects {
		scope = kube.Scope{}
	}
	jobs, scope, err := listJobs(ctx, client, scope)
	if err != nil {
		return invocation.Failed(client.Explain(err))
	}
	if l.Watch {
		return l.watch(ctx, run, client, scope)
	}
	if !l.Output.IsTable() {
		return output.PrintList(run, l.Output, jobs)
	}
	states, err := statesOf(ctx, client, scope.Namespace, jobs)
	if err != nil {
		return invocation.Failed(client.Explain(err))
	}
	return l.print(run, states, scope, projectsOf(ctx, client, scope))
}

func (l *List) print(run *invocation.Invocation, states []state.Job, scope kube.Scope, projects func(string) string) error {
	l.printTitle(run, scope, projects)
	if kind, name := placeOf(scope, projects); len(states) == 0 && kind == "namespace" && !l.AllProjects {
		run.Note(fmt.Sprintf("namespace %s does not belong to a project: %s", name, kube.SetProject))
	}
	return state.WriteTable(run.Stdout, state.Rows(states, projects, time.Now(), l.Output == output.Wide))
}

func (l *List) printTitle(run *invocation.Invocation, scope kube.Scope, projects func(string) string) {
	if l.AllProjects {
		fmt.Fprintln(run.Stdout, "Showing jobs for all projects")
		return
	}
	kind, place := placeOf(scope, projects)
	fmt.Fprintln(run.Stdout, "Showing jobs for", kind, place) // for a project, the original's own words
}
