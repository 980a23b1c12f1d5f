package jobs

import (
	"context"
	"strconv"
	"time"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/kube"
)

// Logs is runai logs. Values stay text until [Logs.flags], so that all mistakes are reported at once.
type Logs struct {
	Name       string  `arg:"" name:"NAME" complete:"jobs" help:"Name of the job."`
	Follow     bool    `short:"f" help:"Print new output until the job ends. Waits for the first output, includes later attempts of the launcher, and reconnects if the connection breaks."`
	Pod        string  `placeholder:"POD" complete:"pods" filled:"" help:"Pod to read: its name, worker-N or launcher. Default: the launcher, where mpirun collects the output of all ranks. Example: --pod worker-0"`
	AllPods    bool    `help:"Print the output of all pods. Each line begins with the name of its pod."`
	Container  string  `short:"c" placeholder:"CONTAINER" complete:"containers" filled:"" help:"Container to read. Default: the main container. Example: -c git-sync"`
	Previous   bool    `help:"Print the output of the previous attempt: of the container before its last restart, or of the previous launcher."`
	Since      *string `placeholder:"DURATION" help:"Print only output newer than DURATION. Example: --since 5m"`
	SinceTime  *string `placeholder:"TIME" help:"Print only output newer than TIME. Example: --since-time 2026-01-31T12:00:00Z"`
	Tail       *string `short:"t" placeholder:"LINES" help:"Print only the last LINES lines of each pod. Example: --tail 20"`
	Timestamps bool    `help:"Print a timestamp before each line."`
}

// Help returns examples.
func (*Logs) Help() string {
	return `Examples:

    runai logs dist1 -f
    runai logs dist1 --pod worker-0 --tail 20
    runai logs dist1 --all-pods --since 5m`
}

// Run prints the output of a job's launcher, or of its other pods.
func (l *Logs) Run(ctx context.Context, run *invocation.Invocation) error {
	options, mistakes := l.flags()
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
	if err := l.checkNames(s); err != nil {
		return err
	}
	r := logReading{Logs: l, run: run, client: client, options: options}
	switch {
	case l.Follow:
		return r.follow(ctx, s)
	case l.AllPods:
		return r.printAll(ctx, s)
	}
	return r.printOne(ctx, s)
}

// flags reads the flags.
func (l *Logs) flags() (options kube.LogOptions, mistakes invocation.Mistakes) {
	for _, pair := range []struct {
		both  bool
		names string
	}{
		{l.Pod != "" && l.AllPods, "--pod and --all-pods"},
		{l.Previous && l.Follow, "--previous and --follow"},
		{l.Previous && l.AllPods, "--previous and --all-pods"},
	} {
		if pair.both {
			mistakes = append(mistakes, pair.names+" cannot be used together")
		}
	}
	options, more := l.options()
	return options, append(mistakes, more...)
}

// options reads the flags that select a part of the output.
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
