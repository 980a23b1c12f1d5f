package jobs

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/kube"
)

const (
	pollPause  = 500 * time.Millisecond
	firstWords = 5 * time.Second // after which a job that does not start is explained
)

// Attach waits for a job that was just submitted and copies its launcher's output, try by try, to its
// end. It fails as the job does. An interruption ends the command, not the job.
func Attach(ctx context.Context, run *invocation.Invocation, client *kube.Client, job *unstructured.Unstructured) error {
	f := follower{run: run, client: client, options: kube.LogOptions{Follow: true}}
	s, err := stateOf(ctx, client, job)
	seen := ""
	for err == nil {
		if s, err = f.waitForStart(ctx, s); err != nil {
			break
		}
		if launcher := s.launcher(); launcher.Name != seen {
			seen = launcher.Name
			if err = f.copy(ctx, *launcher); err != nil {
				break
			}
		}
		if s.isFinished() {
			return f.verdict(ctx, s)
		}
		s, err = f.next(ctx, s)
	}
	if ctx.Err() != nil {
		return invocation.Failure{fmt.Sprintf("interrupted: job %s goes on; follow it with runai logs %s -f", job.GetName(), job.GetName())}
	}
	return err
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
