package jobs

import (
	"context"
	"time"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/output"
)

// Describe is runai describe job.
type Describe struct {
	Name   string        `arg:"" name:"NAME" complete:"jobs" help:"Name of the job."`
	Output output.Format `short:"o" formats:"name,wide,yaml,json" placeholder:"FORMAT" help:"Print the job as stored in the cluster: name, yaml, json, jsonpath=TEMPLATE or go-template=TEMPLATE. Example: -o yaml"`
}

// Help returns examples.
func (*Describe) Help() string {
	return `Examples:

    runai describe dist1
    runai describe dist1 -o yaml
    runai describe dist1 -o jsonpath='{.status.conditions[*].type}'`
}

// Run prints a job: its facts, why it is not running, its pods and its events.
func (d *Describe) Run(ctx context.Context, run *invocation.Invocation) error {
	client, err := run.Connect()
	if err != nil {
		return err
	}
	object, err := find(ctx, run, client, d.Name)
	if err != nil {
		return err
	}
	if !d.Output.IsTable() { // wide has no effect, as in the original
		return output.Print(run, d.Output, object)
	}
	s, err := stateOf(ctx, run, client, object)
	if err != nil {
		return err
	}
	events, err := client.Events(ctx, s.MPIJob.Namespace)
	if err != nil {
		run.Warn("cannot show all events: " + client.Explain(err))
	}
	done := run.Waiting("waiting for the log of the launcher and for the scheduler's queues")
	addEvidence(ctx, client, &s)
	done()
	scope := run.Scope(client)
	scope.Namespace = s.MPIJob.Namespace
	return s.Describe(run.Stdout, projectsOf(ctx, client, scope)(s.MPIJob.Namespace), s.EventsOf(events), time.Now())
}
