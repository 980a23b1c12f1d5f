package jobs

import (
	"context"
	"fmt"
	"time"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/kube"
	"github.com/runai-mpi/runai-mpi/cli/state"
	"github.com/runai-mpi/runai-mpi/shared/table"
)

// List is runai list jobs.
type List struct {
	AllProjects bool `short:"A" help:"List the jobs of all projects."`
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
	states, scope, err := listStates(ctx, client, scope)
	if err != nil {
		return invocation.Failed(client.Explain(err))
	}
	projects := projectsOf(ctx, client, scope)
	if l.AllProjects {
		fmt.Fprintln(run.Stdout, "Showing jobs for all projects")
	} else {
		kind, place := placeOf(scope, projects)
		fmt.Fprintln(run.Stdout, "Showing jobs for", kind, place) // for a project, the original's own words
	}
	return table.Write(run.Stdout, state.Rows(states, projects, time.Now()))
}
