package jobs

import (
	"context"
	"fmt"
	"io"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/kube"
)

const (
	pollPause  = 500 * time.Millisecond
	firstWords = 5 * time.Second // after which a job that does not start is explained
)

// A follower watches a job and copies its logs to the standard output.
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
	if _, err := io.Copy(f.run.Stdout, stream); err != nil {
		return invocation.Failure{"the output broke off: " + f.client.Explain(err)}
	}
	return nil
}

// waitForStart waits until the launcher has run, and says why it takes long.
func (f follower) waitForStart(ctx context.Context, s state) (state, error) {
	var err error
	said, sayAt := "", time.Now().Add(firstWords)
	for {
		if launcher := s.launcher(); launcher != nil && hasStarted(*launcher) {
			return s, nil
		}
		if s.isFinished() {
			return s, f.verdict(ctx, s)
		}
		if time.Now().After(sayAt) {
			events, _ := f.client.Events(ctx, s.job.Namespace) // they only make the sentence better
			if why := whyNotRunning(s, s.eventsOf(events)); why != said {
				f.run.Note(why)
				said = why
			}
			sayAt = time.Now().Add(firstWords)
		}
		if s, err = f.next(ctx, s); err != nil {
			return s, err
		}
	}
}

// next is the state a moment later.
func (f follower) next(ctx context.Context, s state) (state, error) {
	select {
	case <-ctx.Done():
		return s, invocation.Failed(f.client.Explain(ctx.Err()))
	case <-time.After(pollPause):
	}
	object, err := f.client.Get(ctx, kube.MPIJobs, s.job.Namespace, s.job.Name)
	if kube.IsMissing(err) {
		return s, invocation.Failure{fmt.Sprintf("job %s was deleted", s.job.Name)}
	}
	if err != nil {
		return s, invocation.Failed(f.client.Explain(err))
	}
	return stateOf(ctx, f.client, object)
}

// verdict is an error for a job that failed.
func (f follower) verdict(ctx context.Context, s state) error {
	events, _ := f.client.Events(ctx, s.job.Namespace) // they only make the sentence better
	if why := whyNotRunning(s, s.eventsOf(events)); why != "" {
		return invocation.Failure{why}
	}
	return nil
}
