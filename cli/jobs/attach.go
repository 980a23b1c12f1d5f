package jobs

import (
	"context"
	"fmt"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/kube"
)

// Attach is runai attach. Its flags are the original's.
type Attach struct {
	Name    string  `arg:"" name:"NAME" complete:"jobs" help:"Name of the job."`
	Pod     string  `placeholder:"POD" complete:"pods" help:"Pod to attach to. Default: the launcher. Example: --pod worker-0"`
	NoStdin bool    `help:"Do not send what you type to the process."`
	NoTTY   bool    `name:"no-tty" help:"Do not use the container's terminal: print its output line by line."`
	Timeout *string `placeholder:"DURATION" help:"How long to wait for the job to start. Default: no limit. Example: --timeout 10m"`

	Stdin bool `short:"i" hidden:""` // kubectl's and docker's -it, which is the default here
	TTY   bool `name:"tty" short:"t" hidden:""`
}

// Help returns the description and examples.
func (*Attach) Help() string {
	return `Waits for the job to start, and exits with the exit code of the process. If the process has a terminal (submit-mpi --attach or --tty), your keys go to it, including Ctrl-C. To detach and leave the job running, press Ctrl-P Ctrl-Q.

Examples:

    runai submit-mpi dist1 -i example/train --stdin --tty --command -- bash
    runai attach dist1`
}

// Run waits for a job's launcher, or another pod, and connects the user to it.
func (a *Attach) Run(ctx context.Context, run *invocation.Invocation) error {
	timeout, mistakes := a.check()
	if len(mistakes) > 0 {
		return mistakes
	}
	client, err := run.Connect()
	if err != nil {
		return err
	}
	looking, cancel := kube.WithTimeout(ctx, timeout)
	object, err := find(looking, run, client, a.Name)
	cancel()
	if err != nil {
		return err
	}
	attachment, err := newAttachment(run, client, object)
	if err != nil {
		return err
	}
	attachment.Attach, attachment.timeout = *a, timeout
	return attachment.untilItEnds(ctx)
}

func (a *Attach) check() (timeout time.Duration, mistakes invocation.Mistakes) {
	if a.NoStdin && a.Stdin {
		mistakes = append(mistakes, "--no-stdin and --stdin cannot be used together")
	}
	if a.NoTTY && a.TTY {
		mistakes = append(mistakes, "--no-tty and --tty cannot be used together")
	}
	timeout, wrong := Timeout(a.Timeout)
	return timeout, append(mistakes, wrong...)
}

// AttachTo is submit-mpi --attach: runai attach for a new job. An interruption ends the command but not the job.
func AttachTo(
	ctx context.Context, run *invocation.Invocation, client *kube.Client, object *unstructured.Unstructured, timeout time.Duration,
) error {
	attachment, err := newAttachment(run, client, object)
	if err != nil {
		return err
	}
	attachment.timeout = timeout
	return attachment.untilItEnds(ctx)
}

func newAttachment(run *invocation.Invocation, client *kube.Client, object *unstructured.Unstructured) (*attachment, error) {
	job := &v2beta1.MPIJob{}
	if err := kube.Decode(object, job); err != nil {
		return nil, invocation.Failure{err.Error()}
	}
	return &attachment{run: run, client: client, job: job}, nil
}

// again returns the command that attaches to the job, in quotes.
func (a *attachment) again() string {
	pod := ""
	if a.Pod != "" {
		pod = " --pod " + a.Pod
	}
	return fmt.Sprintf("'runai attach %s%s%s'", a.job.Name, pod, a.run.Scope(a.client).Flags())
}
