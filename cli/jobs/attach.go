package jobs

import (
	"context"
	"fmt"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/kube"
	"github.com/runai-mpi/runai-mpi/cli/state"
)

// Attach waits for a new job and prints the output of its launcher, including retries, until the job ends. It
// returns an error if the job fails. An interruption ends the command but not the job.
func Attach(ctx context.Context, run *invocation.Invocation, client *kube.Client, object *unstructured.Unstructured) error {
	job := &v2beta1.MPIJob{}
	if err := kube.Decode(object, job); err != nil {
		return invocation.Failure{err.Error()}
	}
	err := copyLaunchers(ctx, follow(ctx, run, client, job))
	if ctx.Err() != nil {
		return invocation.Failure{fmt.Sprintf("interrupted: job %q was not deleted; follow it with 'runai logs %s -f%s'",
			job.Name, job.Name, run.Scope(client).Flags())}
	}
	return err
}

// copyLaunchers prints the output of each launcher until the job ends.
func copyLaunchers(ctx context.Context, f *follower) error {
	for seen := ""; ; {
		s, err := f.until(ctx, func(s state.Job) bool {
			return s.IsFinished() || launcherHasStarted(s) && s.Launcher().Name != seen
		}, nil)
		if err != nil {
			return err
		}
		if !launcherHasStarted(s) || s.Launcher().Name == seen {
			return f.result(ctx, s)
		}
		seen = s.Launcher().Name
		if err := copyLog(ctx, f.run, f.client, *s.Launcher(), kube.LogOptions{Follow: true}); err != nil {
			return err
		}
	}
}
