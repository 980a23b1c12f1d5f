package jobs

import (
	"context"
	"fmt"
	"strings"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/kube"
	"github.com/runai-mpi/runai-mpi/cli/state"
)

// Suspend is runai suspend.
type Suspend struct {
	Names []string `arg:"" name:"NAME" complete:"jobs" help:"Names of the jobs."`
}

// Help returns the description and examples.
func (*Suspend) Help() string {
	return `Their pods are deleted, and the pods' output with them. The jobs stay: 'runai resume' starts them from the beginning.

Examples:

    runai suspend dist1
    runai resume dist1`
}

// Run suspends each job, also if another one cannot be suspended.
func (c *Suspend) Run(ctx context.Context, run *invocation.Invocation) error {
	return changeEach(ctx, run, c.Names, suspension{true})
}

// Resume is runai resume.
type Resume struct {
	Names []string `arg:"" name:"NAME" complete:"jobs" help:"Names of the jobs."`
}

// Help returns the description and examples.
func (*Resume) Help() string {
	return `They start from the beginning, in new pods.

Examples:

    runai resume dist1`
}

// Run resumes each job, also if another one cannot be resumed.
func (c *Resume) Run(ctx context.Context, run *invocation.Invocation) error {
	return changeEach(ctx, run, c.Names, suspension{false})
}

// A suspension is the value of spec.runPolicy.suspend that jobs get.
type suspension struct{ on bool }

func changeEach(ctx context.Context, run *invocation.Invocation, names []string, change suspension) error {
	client, err := run.Connect()
	if err != nil {
		return err
	}
	var failures invocation.Failure
	for _, name := range names {
		if err := change.apply(ctx, run, client, name); err != nil {
			failures = append(failures, invocation.Failed(err.Error())...)
		}
		if ctx.Err() != nil {
			break // the user does not want the others to change
		}
	}
	return failures.OrNil()
}

func (c suspension) apply(ctx context.Context, run *invocation.Invocation, client *kube.Client, name string) error {
	s, err := findState(ctx, run, client, name)
	if err != nil {
		return err
	}
	if s.KueueQueue() != "" && !c.on {
		_, s.NoWorkload = workloadOf(ctx, client, s)
	}
	if refusal := c.refusal(s); refusal != "" {
		return invocation.Failure{refusal}
	}
	if s.IsSuspended() == c.on {
		fmt.Fprintln(run.Stdout, c.already(s))
		return nil
	}
	patch := map[string]any{"spec": map[string]any{"runPolicy": map[string]any{"suspend": c.on}}}
	if err := client.Patch(ctx, kube.MPIJobs, s.MPIJob, patch); err != nil {
		return invocation.Failed(client.Explain(err))
	}
	fmt.Fprintln(run.Stdout, c.done(s))
	return nil
}

// refusal returns why a change would have no effect, or "".
func (c suspension) refusal(s state.Job) string {
	name, verb := s.MPIJob.Name, "resumed"
	if c.on {
		verb = "suspended"
	}
	switch {
	case s.IsFinished():
		return fmt.Sprintf("job %q cannot be %s: it has %s", name, verb, strings.ToLower(s.Outcome()))
	case s.MPIJob.DeletionTimestamp != nil:
		return fmt.Sprintf("job %q cannot be %s: it is being deleted", name, verb)
	case s.QueueOfLabel() != "" && c.on && !s.IsSuspended():
		return fmt.Sprintf("job %q cannot be suspended by hand: Kueue queue %s starts and stops it, and would undo the change; "+
			"to stop it for good, use %s", name, s.QueueOfLabel(), s.Command("delete job"))
	case s.KueueQueue() != "" && !c.on:
		return fmt.Sprintf("job %q cannot be resumed by hand: Kueue queue %s resumes it when its turn comes, and would undo the change; see %s",
			name, s.KueueQueue(), s.Command("describe job"))
	}
	return ""
}

func (c suspension) already(s state.Job) string {
	if queue := s.QueueOfLabel(); c.on && queue != "" {
		return fmt.Sprintf("Job %s is already suspended, by queue %s.", s.MPIJob.Name, queue)
	}
	if c.on {
		return fmt.Sprintf("Job %s is already suspended. Resume it with %s.", s.MPIJob.Name, s.Command("resume"))
	}
	return fmt.Sprintf("Job %s is not suspended. Its status is %s.", s.MPIJob.Name, s.Status())
}

func (c suspension) done(s state.Job) string {
	if c.on {
		return fmt.Sprintf("Job %s suspended: its pods are being deleted. Resume it with %s.", s.MPIJob.Name, s.Command("resume"))
	}
	return fmt.Sprintf("Job %s resumed: it starts from the beginning, in new pods.", s.MPIJob.Name)
}
