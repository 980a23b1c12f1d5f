// Package whoami is the command runai whoami.
package whoami

import (
	"context"
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/kube"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
)

// Command is runai whoami.
type Command struct{}

// Run asks by dry runs of a minimal job, which takes no permission beyond submitting: what the webhook
// would write of the submitter is the answer, or why it would refuse.
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
	if stamp == nil {
		stamp = plain
	}
	if stamp != nil {
		fmt.Fprintf(run.Stdout, "The cluster knows you as %s.\n", stamp.Username)
	}
	if refusal != "" {
		fmt.Fprintf(run.Stdout, "--run-as-user is not possible in namespace %s: %s\n", scope.Namespace, refusal)
		return nil
	}
	fmt.Fprintf(run.Stdout, "--run-as-user gives you %s, home %s (source %s).\n", stamp.Identity, stamp.Identity.Home, stamp.Identity.Source)
	fmt.Fprintln(run.Stdout, boundary(plain, scope.Namespace))
	return nil
}

// boundary says whether others can be taken for the user: only where nobody can leave the flag out.
func boundary(plain *annotations.Stamp, namespace string) string {
	if plain != nil && plain.Identity != nil {
		return "Every MPIJob in namespace " + namespace + " runs as its submitter, with the flag or without."
	}
	return "MPIJobs in namespace " + namespace + " run as their submitter only with the flag: without it they may write other ids."
}

// ask returns the stamp of a job, or why the cluster would refuse it.
func ask(ctx context.Context, client *kube.Client, scope *kube.Scope, asUser bool) (*annotations.Stamp, string, error) {
	answer, err := client.Create(ctx, kube.MPIJobs, probe(scope.Namespace, asUser), true)
	if kube.IsNoNamespace(err) && scope.IsGuess() {
		if *scope, err = client.Lookup(ctx, *scope); err != nil {
			return nil, "", err
		}
		answer, err = client.Create(ctx, kube.MPIJobs, probe(scope.Namespace, asUser), true)
	}
	if refusal := refusalOf(err); refusal != "" {
		return nil, refusal, nil
	}
	if err != nil {
		return nil, "", err
	}
	stamp, err := annotations.ParseStamp(answer.GetAnnotations())
	if stamp == nil && err == nil {
		err = fmt.Errorf("no webhook of runai-mpi acts in namespace %s: write -p PROJECT, or ask your administrator", scope.Namespace)
	}
	return stamp, "", err
}

// refusalOf is what the webhook says against the identity.
func refusalOf(err error) string {
	var status apierrors.APIStatus
	if !apierrors.IsInvalid(err) || !errors.As(err, &status) || status.Status().Details == nil {
		return ""
	}
	for _, cause := range status.Status().Details.Causes {
		if cause.Field == annotations.Path(annotations.RunAsUserKey).String() {
			return strings.TrimPrefix(cause.Message, "Forbidden: ")
		}
	}
	return ""
}

func probe(namespace string, asUser bool) *unstructured.Unstructured {
	replica := func() map[string]any {
		container := map[string]any{"name": "mpi", "image": "none"}
		return map[string]any{"replicas": int64(1), "template": map[string]any{"spec": map[string]any{"containers": []any{container}}}}
	}
	job := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": kube.MPIJobs.GroupVersion().String(), "kind": "MPIJob",
		"spec": map[string]any{"mpiReplicaSpecs": map[string]any{"Launcher": replica(), "Worker": replica()}},
	}}
	job.SetName("whoami")
	job.SetNamespace(namespace)
	if asUser {
		yes := true
		job.SetAnnotations(annotations.Intent{RunAsUser: &yes}.Annotations())
	}
	return job
}
