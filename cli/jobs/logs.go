package jobs

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/kube"
)

// Logs is runai logs.
type Logs struct {
	Name       string         `arg:"" name:"NAME" help:"The name of the job."`
	Follow     bool           `short:"f" help:"Go on with what is still to come. A job that has not started is waited for."`
	Pod        string         `placeholder:"POD" help:"The pod. Without it, the launcher, where mpirun collects the output of all ranks. Example: --pod dist1-worker-0"`
	Since      *time.Duration `placeholder:"DURATION" help:"Only what is younger. Example: --since 5m"`
	SinceTime  *time.Time     `placeholder:"TIME" format:"2006-01-02T15:04:05Z07:00" help:"Only what came later. Example: --since-time 2026-01-31T12:00:00Z"`
	Tail       *int64         `short:"t" placeholder:"LINES" help:"Only the last lines. Example: --tail 20"`
	Timestamps bool           `help:"Write the time before each line."`
}

// Run prints the output of a job's launcher, or of one of its pods.
func (l *Logs) Run(ctx context.Context, run *invocation.Invocation) error {
	if mistakes := l.check(); len(mistakes) > 0 {
		return mistakes
	}
	client, err := run.Connect()
	if err != nil {
		return err
	}
	s, err := findState(ctx, run, client, l.Name)
	if err != nil {
		return err
	}
	f := follower{run: run, client: client, options: l.options()}
	if l.Follow && l.Pod == "" {
		if s, err = f.waitForStart(ctx, s); err != nil {
			return err
		}
	}
	pod, err := l.pod(ctx, client, s)
	if err != nil {
		return err
	}
	return f.copy(ctx, *pod)
}

func (l *Logs) check() invocation.Mistakes {
	var mistakes invocation.Mistakes
	if l.Since != nil && l.SinceTime != nil {
		mistakes = append(mistakes, "--since-time cannot be combined with --since: write one of the two")
	}
	if l.Since != nil && *l.Since <= 0 {
		mistakes = append(mistakes, fmt.Sprintf("--since %s is no duration above 0: write for example --since 5m", *l.Since))
	}
	if l.Tail != nil && *l.Tail < 0 {
		mistakes = append(mistakes, fmt.Sprintf("--tail %d is no number of lines: write for example --tail 20", *l.Tail))
	}
	return mistakes
}

func (l *Logs) options() kube.LogOptions {
	return kube.LogOptions{Follow: l.Follow, Timestamps: l.Timestamps, Tail: l.Tail, Since: l.Since, SinceTime: l.SinceTime}
}

// pod is the one to read, if it has something to read.
func (l *Logs) pod(ctx context.Context, client *kube.Client, s state) (*corev1.Pod, error) {
	pod := s.launcher()
	if l.Pod != "" {
		if pod = s.pod(l.Pod); pod == nil {
			return nil, invocation.Failure{fmt.Sprintf("--pod %s is no pod of job %s: write %s", l.Pod, l.Name, strings.Join(s.podNames(), " or "))}
		}
	}
	if pod != nil && hasStarted(*pod) {
		return pod, nil
	}
	events, _ := client.Events(ctx, s.job.Namespace) // they only make the sentence better
	return nil, invocation.Failure{fmt.Sprintf("job %s has no output yet. %s", l.Name, whyNotRunning(s, s.eventsOf(events)))}
}
