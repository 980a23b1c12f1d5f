package jobs

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/kube"
)

// Attach waits for a new job and prints the output of its launcher, including retries, until the job ends. It
// returns an error if the job fails. An interruption ends the command but not the job.
func Attach(ctx context.Context, run *invocation.Invocation, client *kube.Client, job *unstructured.Unstructured) error {
	f := follower{run: run, client: client, options: kube.LogOptions{Follow: true}}
	s, err := stateOf(ctx, run, client, job)
	seen := ""
	for err == nil {
		if s, err = f.waitForStart(ctx, s); err != nil {
			break
		}
		if launcher := s.Launcher(); launcher.Name != seen {
			seen = launcher.Name
			if err = f.copy(ctx, *launcher); err != nil {
				break
			}
		}
		if s.IsFinished() {
			return f.result(ctx, s)
		}
		s, err = f.next(ctx, s)
	}
	if ctx.Err() != nil {
		return invocation.Failure{fmt.Sprintf("interrupted: job %q was not deleted; follow it with 'runai logs %s -f%s'",
			job.GetName(), job.GetName(), run.Scope(client).Flags())}
	}
	return err
}
