package jobs

import (
	"context"
	"fmt"
	"io"

	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/kube"
	"github.com/runai-mpi/runai-mpi/cli/podlog"
	"github.com/runai-mpi/runai-mpi/cli/state"
	"github.com/runai-mpi/runai-mpi/shared/terminal"
)

// mostLogs is the largest number of logs that are followed at the same time.
const mostLogs = 100

// A logReading is one run of runai logs.
type logReading struct {
	*Logs
	run     *invocation.Invocation
	client  *kube.Client
	options kube.LogOptions
}

// printOne prints the log of one pod.
func (r logReading) printOne(ctx context.Context, s state.Job) error {
	pod := s.Launcher()
	if r.Pod != "" {
		pod = s.FindPod(r.Pod)
	}
	if r.Previous {
		var err error
		if pod, err = r.previous(s, pod); err != nil {
			return err
		}
	}
	if pod == nil || !state.HasContainerStarted(*pod, r.container(*pod)) {
		return r.noOutput(ctx, s)
	}
	return r.copy(ctx, *pod, r.run.JobOutput)
}

// previous selects the previous attempt: of the container, or else of the launcher.
func (r *logReading) previous(s state.Job, pod *corev1.Pod) (*corev1.Pod, error) {
	if pod != nil && state.ContainerRestarts(*pod, r.container(*pod)) > 0 {
		r.options.Previous = true
		return pod, nil
	}
	if launchers := s.Launchers(); r.Pod == "" && len(launchers) > 1 {
		return &launchers[len(launchers)-2], nil
	}
	what := fmt.Sprintf("the launcher of job %q", r.Name)
	if r.Pod != "" {
		what = fmt.Sprintf("pod %q", r.Pod)
	}
	return nil, invocation.Failure{what + " has no previous attempt: it has not been restarted"}
}

// printAll prints the logs of all pods, one after the other.
func (r logReading) printAll(ctx context.Context, s state.Job) error {
	merger, printed := podlog.NewMerger(r.run.JobOutput), 0
	var failures invocation.Failure
	for _, t := range r.targets(s.Pods) {
		if !state.HasContainerStarted(t.pod, t.container) {
			continue
		}
		printed++
		output := merger.Prefixed(prefixOf(t.pod))
		if err := r.copy(ctx, t.pod, output); err != nil {
			if ctx.Err() != nil {
				return err
			}
			failures = append(failures, fmt.Sprintf("pod %s: %s", t.pod.Name, err))
		}
		output.Close()
	}
	switch {
	case printed == 0:
		return r.noOutput(ctx, s)
	case printed < len(s.Pods):
		r.run.Note(fmt.Sprintf("%d of %d pods have output", printed, len(s.Pods)))
	}
	return failures.OrNil()
}

// follow prints the logs of the selected pods until they end.
func (r logReading) follow(ctx context.Context, s state.Job) error {
	streams := streams{follower: follow(ctx, r.run, r.client, s.MPIJob), options: r.options, limit: 1}
	streams.output = func(target) io.WriteCloser { return nopCloser{r.run.JobOutput} }
	streams.isLast = state.Job.IsFinished
	switch {
	case r.AllPods:
		merger, limited := podlog.NewMerger(r.run.JobOutput), false
		streams.limit = mostLogs
		streams.output = func(t target) io.WriteCloser { return merger.Prefixed(prefixOf(t.pod)) }
		streams.targets = func(s state.Job) []target {
			if !limited && len(s.Pods) > mostLogs {
				limited = true
				r.run.Warn(fmt.Sprintf("following only %d of %d pods at a time: the next one follows when one ends; use --pod to read another one",
					mostLogs, len(s.Pods)))
			}
			return r.targets(s.Pods)
		}
	case r.Pod != "":
		streams.targets = func(s state.Job) []target {
			if pod := s.FindPod(r.Pod); pod != nil {
				return r.targets([]corev1.Pod{*pod})
			}
			return nil
		}
		streams.isLast = func(s state.Job) bool { return len(streams.started) > 0 || s.IsFinished() }
	default:
		streams.targets = r.laterLaunchers()
	}
	s, found, err := streams.follow(ctx)
	if err == nil && !found {
		return r.noOutput(ctx, s)
	}
	return err
}

// laterLaunchers returns a function that returns the launcher at its first call, and the later attempts, oldest first.
func (r logReading) laterLaunchers() func(state.Job) []target {
	var first *corev1.Pod
	return func(s state.Job) []target {
		if first == nil {
			first = s.Launcher()
		}
		var launchers []corev1.Pod
		for _, launcher := range s.Launchers() {
			if first != nil && !launcher.CreationTimestamp.Before(&first.CreationTimestamp) {
				launchers = append(launchers, launcher)
			}
		}
		return r.targets(launchers)
	}
}

// targets returns the containers to read of those pods that have them.
func (r logReading) targets(pods []corev1.Pod) []target {
	var all []target
	for _, pod := range pods {
		name := r.container(pod)
		for _, known := range state.ContainerNames(pod) {
			if known == name {
				all = append(all, target{pod: pod, container: name})
			}
		}
	}
	return all
}

func (r logReading) container(pod corev1.Pod) string {
	if r.Container != "" {
		return r.Container
	}
	return pod.Spec.Containers[0].Name
}

// copy prints the log of a pod as it is now.
func (r logReading) copy(ctx context.Context, pod corev1.Pod, output io.Writer) error {
	options := r.options
	options.Container = r.container(pod)
	return copyLog(ctx, r.client, pod, options, output)
}

// noOutput returns why there is nothing to print.
func (r logReading) noOutput(ctx context.Context, s state.Job) error {
	events, _ := r.client.Events(ctx, s.MPIJob.Namespace) // without them the sentence says less
	why := s.WithoutOutput(r.Pod)
	if sentence := s.Diagnose(s.EventsOf(events)); sentence != "" {
		why += ". " + sentence
	}
	return invocation.Failure{why}
}

// prefixOf returns what is printed before each line of a pod. The line itself is printed as it is.
func prefixOf(pod corev1.Pod) string { return "[" + terminal.Line(pod.Name) + "] " }

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }
