package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/cli/console"
	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/kube"
	"github.com/runai-mpi/runai-mpi/cli/state"
)

// An attachment connects the user to the pods of a job that do its work: a launcher, and if it is retried, the next.
type attachment struct {
	Attach
	run     *invocation.Invocation
	client  *kube.Client
	job     *v2beta1.MPIJob
	timeout time.Duration // of the wait for the start, or 0
	keys    *console.Keys
}

// errDetached ends a session while its process keeps running.
var errDetached = errors.New("detached")

// untilItEnds returns when the job has ended, with the process's exit code as an error, or when the user detaches.
func (a *attachment) untilItEnds(ctx context.Context) error {
	err := a.follow(ctx, follow(ctx, a.run, a.client, a.job))
	switch {
	case ctx.Err() != nil:
		return invocation.Failure{fmt.Sprintf("interrupted: job %q was not deleted; attach to it with %s", a.job.Name, a.again())}
	case errors.Is(err, errDetached):
		a.run.Note(fmt.Sprintf("detached: job %q keeps running; attach to it again with %s", a.job.Name, a.again()))
		return nil
	}
	return err
}

// follow connects the user to the pod, and to each attempt after a failed one.
func (a *attachment) follow(ctx context.Context, f *follower) error {
	s, err := a.started(ctx, f)
	for err == nil {
		pod := a.podOf(s)
		if err := a.connect(ctx, f, *pod); err != nil {
			return err
		}
		attempt := state.AttemptOf(*pod)
		s, err = f.until(ctx, func(s state.Job) bool { return s.EndOf(attempt) != nil }, nil)
		if err != nil {
			return err
		}
		end := *s.EndOf(attempt)
		if end.Known && end.Code == 0 {
			return nil
		}
		if s, err = a.next(ctx, f, attempt, end); err != nil {
			return err
		}
		a.run.Note(fmt.Sprintf("pod %s %s; attaching to the next attempt, pod %s", attempt.Pod, end, a.podOf(s).Name))
	}
	return err
}

// started returns the job as soon as the pod has started. It returns an error if the job ends before.
func (a *attachment) started(ctx context.Context, f *follower) (state.Job, error) {
	waiting, cancel := kube.WithTimeout(ctx, a.timeout)
	defer cancel()
	unknown := false
	s, err := f.until(waiting, func(s state.Job) bool {
		unknown = a.Pod != "" && len(s.Pods) > 0 && s.FindPod(a.Pod) == nil
		return unknown || a.hasStarted(s) || s.IsFinished()
	}, nil)
	switch {
	case unknown:
		_, err = findPod(s, a.Pod)
		return s, err
	case waiting.Err() != nil && ctx.Err() == nil && s.MPIJob != nil:
		return s, invocation.Failure{fmt.Sprintf("job %q did not start within %s. %s", a.job.Name, a.timeout, f.diagnose(ctx, s))}
	case err == nil && !a.hasStarted(s):
		return s, a.withoutStart(f.result(ctx, s))
	}
	return s, err
}

// withoutStart returns why there is nothing to attach to in a job that has ended.
func (a *attachment) withoutStart(failed error) error {
	if failed != nil {
		return failed
	}
	return invocation.Failure{fmt.Sprintf("job %q has ended, and its pods no longer exist", a.job.Name)}
}

// next returns the job when another attempt has started. If there is no other attempt, it returns the exit code as an error.
func (a *attachment) next(ctx context.Context, f *follower, last state.Attempt, end state.End) (state.Job, error) {
	if a.Pod != "" && end.Known {
		return state.Job{}, invocation.ExitCode(end.Code)
	}
	again := func(s state.Job) bool { return a.hasStarted(s) && state.AttemptOf(*a.podOf(s)) != last }
	s, err := f.until(ctx, func(s state.Job) bool { return again(s) || s.IsFinished() }, func(s state.Job) string {
		if s.IsSuspended() {
			return "" // says how to go on
		}
		return fmt.Sprintf("pod %s %s: waiting for the next attempt", last.Pod, end)
	})
	if err != nil || again(s) {
		return s, err
	}
	failed := f.result(ctx, s)
	if failed == nil || !end.Known {
		return s, failed
	}
	a.run.Note(failed.Error())
	return s, invocation.ExitCode(end.Code)
}

// podOf returns the pod to attach to, or nil if it does not exist.
func (a *attachment) podOf(s state.Job) *corev1.Pod {
	if a.Pod != "" {
		return s.FindPod(a.Pod)
	}
	return s.Launcher()
}

func (a *attachment) hasStarted(s state.Job) bool {
	pod := a.podOf(s)
	return pod != nil && state.HasStarted(*pod)
}
