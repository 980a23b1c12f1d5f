// Package whoami is the command runai whoami.
package whoami

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/kube"
	"github.com/runai-mpi/runai-mpi/cli/output"
	"github.com/runai-mpi/runai-mpi/cli/probe"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/terminal"
)

// Command is runai whoami.
type Command struct {
	Output output.Format `short:"o" formats:"yaml,json" placeholder:"FORMAT" help:"Print the answer as yaml, json, jsonpath=TEMPLATE or go-template=TEMPLATE. Example: -o jsonpath={.identity.uid}"`
}

// Help returns how it finds out.
func (*Command) Help() string {
	return `Nothing is created: runai submits a job as a dry run. The answer depends on the project.

Examples:

    runai whoami
    runai whoami -p team-a -o yaml`
}

// An answer is what the webhook says about the user.
type answer struct {
	asUser, plain *annotations.Stamp // of jobs with --run-as-user and without, nil for none
	refusal       string             // why --run-as-user is not possible, "" if it is
	namespace     string
	isGuarded     bool // against pods that are not of an MPIJob, as far as the user can see
}

// Run submits a minimal job as a dry run, which needs only the permission to submit, and prints the stamp
// that the webhook writes, or why it refuses the job.
func (c *Command) Run(ctx context.Context, run *invocation.Invocation) error {
	client, err := run.Connect()
	if err != nil {
		return err
	}
	var a answer
	scope := run.Scope(client)
	if a.asUser, a.refusal, err = ask(ctx, client, &scope, true); err != nil {
		return invocation.Failed(client.Explain(err))
	}
	if a.plain, _, err = ask(ctx, client, &scope, false); err != nil {
		return invocation.Failed(client.Explain(err))
	}
	if a.asUser == nil && a.refusal == "" {
		return invocation.Failed(scope.Unhandled(""))
	}
	a.namespace, a.isGuarded = scope.Namespace, !a.isEvery() || isGuarded(ctx, client, scope.Namespace)
	if !c.Output.IsTable() {
		return output.Print(run, c.Output, a.object())
	}
	a.print(run.Stdout)
	return nil
}

// stamp returns the stamp of a job of the user, nil if the webhook refuses all.
func (a answer) stamp() *annotations.Stamp { return cmp.Or(a.asUser, a.plain) }

// isEvery reports whether every job of the namespace runs as its submitter.
func (a answer) isEvery() bool { return a.plain != nil && a.plain.Identity != nil }

func (a answer) print(out io.Writer) {
	if stamp := a.stamp(); stamp != nil {
		fmt.Fprintf(out, "The cluster authenticates you as %s.\n", terminal.Line(stamp.Username))
	}
	if refusal := a.refusal; refusal != "" {
		if why, found := strings.CutPrefix(refusal, "--run-as-user: "); found {
			refusal = "--run-as-user does not work in namespace " + a.namespace + ": " + why
		}
		fmt.Fprintln(out, terminal.Line(refusal))
		return
	}
	identity := a.asUser.Identity
	fmt.Fprintf(out, "Jobs with --run-as-user run as %s, home %s (source %s).\n", identity, identity.Home, identity.Source)
	fmt.Fprintln(out, a.boundary())
}

// object returns the answer for programs.
func (a answer) object() *unstructured.Unstructured {
	object := map[string]any{"kind": "Whoami", "namespace": a.namespace, "everyJobRunsAsSubmitter": a.isEvery()}
	if stamp := a.stamp(); stamp != nil {
		object["username"] = stamp.Username
	}
	if !a.isGuarded {
		object["warning"] = a.unguarded()
	}
	if a.refusal != "" {
		object["refusal"] = a.refusal
	} else {
		object["identity"], _ = runtime.DefaultUnstructuredConverter.ToUnstructured(a.asUser.Identity) // numbers and strings
	}
	return &unstructured.Unstructured{Object: object}
}

// boundary returns whether jobs of other users can have the user's ids: they cannot if every job in the
// namespace runs as its submitter. A plain job has no stamp in warn-only namespaces.
func (a answer) boundary() string {
	if a.isEvery() {
		text := "Every MPIJob in namespace " + a.namespace + " runs as its submitter, with or without --run-as-user."
		if !a.isGuarded {
			text += "\n" + a.unguarded()
		}
		return text
	}
	text := "Without --run-as-user, MPIJobs in namespace " + a.namespace + " can set any uid and gid."
	if a.plain == nil {
		text += "\nThe namespace is warn-only: jobs without run.ai/ annotations are stored as they are."
	}
	return text
}

// unguarded returns what is missing where only MPIJobs are kept to their submitter.
func (a answer) unguarded() string {
	return fmt.Sprintf("Other pods there can have any uid and gid: the namespace has no label %s=%s; ask your administrator to add it.",
		annotations.IdentityLabel, v1alpha1.IdentityRequired)
}

// isGuarded reports whether the admission policies for pods apply to a namespace, if they are installed: a user cannot see
// that. It is true if the user may not read the labels either.
func isGuarded(ctx context.Context, client *kube.Client, namespace string) bool {
	labels, err := client.NamespaceLabels(ctx, namespace)
	return err != nil || labels[annotations.IdentityLabel] == string(v1alpha1.IdentityRequired)
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
