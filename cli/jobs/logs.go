package jobs

import (
	"context"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/kube"
	"github.com/runai-mpi/runai-mpi/cli/state"
)

// Logs is runai logs. Values stay text until [Logs.options], so that all mistakes are reported at once.
type Logs struct {
	Name       string  `arg:"" name:"NAME" help:"Name of the job."`
	Follow     bool    `short:"f" help:"Wait until the job has started, and print new output until it ends."`
	Pod        string  `placeholder:"POD" help:"Pod to read. Default: the launcher, where mpirun collects the output of all ranks. Example: --pod dist1-worker-0"`
	Since      *string `placeholder:"DURATION" help:"Print only output newer than DURATION. Example: --since 5m"`
	SinceTime  *string `placeholder:"TIME" help:"Print only output after this time. Example: --since-time 2026-01-31T12:00:00Z"`
	Tail       *string `short:"t" placeholder:"LINES" help:"Print only the last LINES lines. Example: --tail 20"`
	Timestamps bool    `help:"Print the time before each line."`
}

// Run prints the output of a job's launcher, or of one of its pods.
func (l *Logs) Run(ctx context.Context, run *invocation.Invocation) error {
	options, mistakes := l.options()
	if len(mistakes) > 0 {
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
	if l.Follow && l.Pod == "" {
		if s, err = follow(ctx, run, client, s.MPIJob).untilLauncherStarts(ctx); err != nil {
			return err
		}
	}
	pod, err := l.pod(ctx, client, s)
	if err != nil {
		return err
	}
	return copyLog(ctx, run, client, *pod, options)
}

// options reads the flags.
func (l *Logs) options() (options kube.LogOptions, mistakes invocation.Mistakes) {
	options = kube.LogOptions{Follow: l.Follow, Timestamps: l.Timestamps}
	if l.Since != nil && l.SinceTime != nil {
		mistakes = append(mistakes, "--since and --since-time cannot be used together")
	}
	if l.Since != nil {
		since, err := time.ParseDuration(*l.Since)
		if err != nil || since <= 0 {
			mistakes = append(mistakes, invocation.BadValue("--since", *l.Since, "must be a duration above 0, for example 5m"))
		}
		options.Since = &since
	}
	if l.SinceTime != nil {
		sinceTime, err := time.Parse(time.RFC3339, *l.SinceTime)
		if err != nil {
			mistakes = append(mistakes, invocation.BadValue("--since-time", *l.SinceTime,
				"must be a date and time, for example 2026-01-31T12:00:00Z"))
		}
		options.SinceTime = &sinceTime
	}
	if l.Tail != nil {
		tail, err := strconv.ParseInt(*l.Tail, 10, 64)
		if err != nil || tail < 0 {
			mistakes = append(mistakes, invocation.BadValue("--tail", *l.Tail, "must be a number of lines, for example 20"))
		}
		options.Tail = &tail
	}
	return options, mistakes
}

// pod returns the pod to read, or an error if it has no output.
func (l *Logs) pod(ctx context.Context, client *kube.Client, s state.Job) (*corev1.Pod, error) {
	pod := s.Launcher()
	if l.Pod != "" {
		if pod = s.Pod(l.Pod); pod == nil {
			return nil, invocation.Failure{invocation.BadValue("--pod", l.Pod, "must be a pod of job "+l.Name+podList(s))}
		}
	}
	if pod != nil && state.HasStarted(*pod) {
		return pod, nil
	}
	events, _ := client.Events(ctx, s.MPIJob.Namespace) // without them the sentence says less
	why := s.WithoutOutput(l.Pod)
	if sentence := s.Diagnose(s.EventsOf(events)); sentence != "" {
		why += ". " + sentence
	}
	return nil, invocation.Failure{why}
}

func podList(s state.Job) string {
	names := s.PodNames()
	if len(names) == 0 {
		return ", which has no pods yet"
	}
	return ": " + strings.Join(names, ", ")
}
