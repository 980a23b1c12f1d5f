// Package whoami is the command runai whoami.
package whoami

import (
	"context"
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/kube"
	"github.com/runai-mpi/runai-mpi/cli/probe"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/terminal"
)

// Command is runai whoami.
type Command struct{}

// Help returns how it finds out.
func (*Command) Help() string {
	return `Nothing is created: runai submits a job as a dry run. The answer depends on the project.

Examples:

    runai whoami
    runai whoami -p team-a`
}

// Run submits a minimal job as a dry run, which needs only the permission to submit, and prints the stamp
// that the webhook writes, or why it refuses the job.
func (*Command) Run(ctx context.Context, run *invocation.Invocation) error {
	client, err := run.Connect()
	if err != nil {
		return err
	}
	scope := run.Scope(client)
	stamp, refusal, err := ask(ctx, client, &scope, true)
	if err != nil {
		return invocation.Failed(client.Explain(err))
	}
	plain, _, err := ask(ctx, client, &scope, false)
	if err != nil {
		return invocation.Failed(client.Explain(err))
	}
	if stamp == nil && refusal == "" {
		return invocation.Failed(scope.Unhandled(""))
	}
	if stamp == nil {
		stamp = plain
	}
	if stamp != nil {
		fmt.Fprintf(run.Stdout, "The cluster authenticates you as %s.\n", terminal.Line(stamp.Username))
	}
	if refusal != "" {
		if why, found := strings.CutPrefix(refusal, "--run-as-user: "); found {
			refusal = "--run-as-user does not work in namespace " + scope.Namespace + ": " + why
		}
		fmt.Fprintln(run.Stdout, terminal.Line(refusal))
		return nil
	}
	fmt.Fprintf(run.Stdout, "Jobs with --run-as-user run as %s, home %s (source %s).\n",
		stamp.Identity, stamp.Identity.Home, stamp.Identity.Source)
	fmt.Fprintln(run.Stdout, boundary(plain, scope.Namespace))
	return nil
}

// boundary returns whether jobs of other users can have the user's ids: they cannot if every job in the
// namespace runs as its submitter. A plain job has no stamp in warn-only namespaces.
func boundary(plain *annotations.Stamp, namespace string) string {
	if plain != nil && plain.Identity != nil {
		return "Every MPIJob in namespace " + namespace + " runs as its submitter, with or without --run-as-user."
	}
	text := "Without --run-as-user, MPIJobs in namespace " + namespace + " can set any uid and gid."
	if plain == nil {
		text += "\nThe namespace is warn-only: jobs without run.ai/ annotations are stored as they are."
	}
	return text
}

// ask returns the stamp of a job, nil if no webhook handles it, or why the webhook refuses its identity.
func ask(ctx context.Context, client *kube.Client, scope *kube.Scope, asUser bool) (*annotations.Stamp, string, error) {
	var intent annotations.Intent
	if asUser {
		intent.RunAsUser = &asUser
	}
	answer, err := probe.Ask(ctx, client, scope, "whoami", intent.Annotations())
	if refusal := refusalOf(err); refusal != "" {
		return nil, refusal, nil
	}
	if err != nil {
		return nil, "", err
	}
	stamp, err := annotations.ParseStamp(answer.GetAnnotations())
	return stamp, "", err
}

// refusalOf returns why the webhook refuses the identity, "" if the error has another cause.
func refusalOf(err error) string {
	var status apierrors.APIStatus
	if !apierrors.IsInvalid(err) || !errors.As(err, &status) || status.Status().Details == nil {
		return ""
	}
	for _, cause := range status.Status().Details.Causes {
		if cause.Field == annotations.Path(annotations.RunAsUserKey).String() {
			return invocation.Problem("--run-as-user", "", strings.TrimPrefix(cause.Message, "Forbidden: "))
		}
	}
	return ""
}
