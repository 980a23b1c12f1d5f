package jobs

import (
	"context"
	"fmt"
	"io"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/kube"
	"github.com/runai-mpi/runai-mpi/cli/state"
)

const (
	pollPause    = 500 * time.Millisecond
	explainPause = 5 * time.Second // between explanations of why a job has not started
)

// A follower watches a job and copies its logs to stdout.
type follower struct {
	run     *invocation.Invocation
	client  *kube.Client
	options kube.LogOptions
}

func (f follower) copy(ctx context.Context, pod corev1.Pod) error {
	f.options.Container = pod.Spec.Containers[0].Name
	stream, err := f.client.Logs(ctx, pod.Namespace, pod.Name, f.options)
	if err != nil {
		return invocation.Failed(f.client.Explain(err))
	}
	defer stream.Close()
	if _, err := io.Copy(f.run.JobOutput, stream); err != nil {
		return invocation.Failure{"the output was cut off: " + f.client.Explain(err)}
	}
	return nil
}

// waitForStart waits until the launcher has started. If that takes long, it prints why.
func (f follower) waitForStart(ctx context.Context, s state.Job) (state.Job, error) {
	var err error
	printed, printAt := "", time.Now().Add(explainPause)
	for {
		if launcher := s.Launcher(); launcher != nil && state.HasStarted(*launcher) {
			return s, nil
		}
		if s.IsFinished() {
			return s, f.result(ctx, s)
		}
		if time.Now().After(printAt) {
			events, _ := f.client.Events(ctx, s.MPIJob.Namespace) // without them the sentence says less
			if sentence := s.Diagnose(s.EventsOf(events)); sentence != "" && sentence != printed {
				f.run.Note(sentence)
				printed = sentence
			}
			printAt = time.Now().Add(explainPause)
		}
		if s, err = f.next(ctx, s); err != nil {
			return s, err
		}
	}
}

// next returns the state of the job after a pause.
func (f follower) next(ctx context.Context, s state.Job) (state.Job, error) {
	select {
	case <-ctx.Done():
		return s, invocation.Failed(f.client.Explain(ctx.Err()))
	case <-time.After(pollPause):
	}
	object, err := f.client.Get(ctx, kube.MPIJobs, s.MPIJob.Namespace, s.MPIJob.Name)
	if kube.IsMissing(err) {
		return s, invocation.Failure{fmt.Sprintf("job %q was deleted", s.MPIJob.Name)}
	}
	if err != nil {
		return s, invocation.Failed(f.client.Explain(err))
	}
	return stateOf(ctx, f.run, f.client, object)
}

// result returns an error if the job failed.
func (f follower) result(ctx context.Context, s state.Job) error {
	events, _ := f.client.Events(ctx, s.MPIJob.Namespace) // without them the sentence says less
	if sentence := s.Diagnose(s.EventsOf(events)); sentence != "" {
		return invocation.Failure{sentence}
	}
	return nil
}
