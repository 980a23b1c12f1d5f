package jobs

import (
	"context"
	"fmt"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/kube"
)

// Exec is runai exec.
type Exec struct {
	Name      string `arg:"" name:"NAME" complete:"jobs" help:"Name of the job."`
	Pod       string `placeholder:"POD" complete:"pods" help:"Pod in which to run the command. Default: the launcher. Example: --pod worker-0"`
	Container string `short:"c" placeholder:"CONTAINER" complete:"containers" help:"Container in which to run the command. Default: the pod's first container. Example: -c mpi"`
	Stdin     bool   `short:"i" help:"Pass your standard input to the command."`
	TTY       bool   `name:"tty" short:"t" help:"Run the command in a terminal. Requires --stdin. Example: -it"`
}

// Help returns examples.
func (*Exec) Help() string {
	return `Exits with the exit code of the command.

Examples:

    runai exec dist1 -- nvidia-smi
    runai exec -it dist1 --pod worker-0 -- top
    tar c . | runai exec -i dist1 -- tar x`
}

// Run runs a command in a pod of a job. It ends with the command's exit code.
func (e *Exec) Run(ctx context.Context, run *invocation.Invocation) error {
	switch {
	case len(run.Words) == 0:
		return invocation.Mistakes{fmt.Sprintf("missing COMMAND for \"runai exec\": put it after --, for example: runai exec %s -- nvidia-smi", e.Name)}
	case e.TTY && !e.Stdin:
		return invocation.Mistakes{"--tty requires --stdin: use -it"}
	}
	if e.TTY && run.Console == nil {
		run.Note(notATerminal)
	}
	return e.in(ctx, run, run.Words)
}

// in runs the command where the flags say.
func (e *Exec) in(ctx context.Context, run *invocation.Invocation, command []string) error {
	client, err := run.Connect()
	if err != nil {
		return err
	}
	s, err := findState(ctx, run, client, e.Name)
	if err != nil {
		return err
	}
	container, err := runningContainer(ctx, client, s, e.Pod, e.Container)
	if err != nil {
		return err
	}
	return explainExec(client, container, e.stream(ctx, run, func(ctx context.Context, streams kube.Streams) error {
		return client.Exec(ctx, container, command, streams)
	}))
}

// stream calls open with the streams that the flags ask for.
func (e *Exec) stream(ctx context.Context, run *invocation.Invocation, open func(context.Context, kube.Streams) error) error {
	streams := kube.Streams{Stdout: run.JobOutput, Stderr: run.JobErrors}
	if e.Stdin {
		streams.Stdin = run.Stdin
	}
	if !e.TTY || run.Console == nil {
		return open(ctx, streams)
	}
	return run.Console.Lend(ctx, func(ctx context.Context) error {
		streams.Stderr, streams.TTY, streams.Sizes = nil, true, run.Console.Sizes(ctx)
		return open(ctx, streams)
	})
}

// explainExec returns the exit code of a command that failed, or why it did not run.
func explainExec(client *kube.Client, container kube.Container, err error) error {
	if err == nil {
		return nil
	}
	if code, failed := kube.ExitCode(err); failed {
		return invocation.ExitCode(code)
	}
	if program, why, is := kube.NotStarted(err); is {
		return invocation.Failure{fmt.Sprintf("cannot run %q in container %s of pod %s: %s", program, container.Name, container.Pod, why)}
	}
	return invocation.Failed(client.Explain(err))
}
