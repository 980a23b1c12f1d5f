// Package probe asks the webhook about a job that is not stored.
package probe

import (
	"context"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/runai-mpi/runai-mpi/cli/kube"
)

// Ask creates a minimal job with annotations as a dry run, which needs only the permission to submit, and returns the job
// as the webhook would have it stored. If the namespace of the scope was a guess, Ask corrects it.
func Ask(
	ctx context.Context, client *kube.Client, scope *kube.Scope, name string, wanted map[string]string,
) (*unstructured.Unstructured, error) {
	answer, err := client.Create(ctx, kube.MPIJobs, minimal(scope.Namespace, name, wanted), true)
	if kube.IsNoNamespace(err) && scope.IsGuess() {
		if *scope, err = client.Lookup(ctx, *scope); err != nil {
			return nil, err
		}
		answer, err = client.Create(ctx, kube.MPIJobs, minimal(scope.Namespace, name, wanted), true)
	}
	return answer, err
}

func minimal(namespace, name string, wanted map[string]string) *unstructured.Unstructured {
	replica := func() map[string]any {
		container := map[string]any{"name": "mpi", "image": "none"}
		return map[string]any{"replicas": int64(1), "template": map[string]any{"spec": map[string]any{"containers": []any{container}}}}
	}
	job := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": kube.MPIJobs.GroupVersion().String(), "kind": "MPIJob",
		"spec": map[string]any{"mpiReplicaSpecs": map[string]any{"Launcher": replica(), "Worker": replica()}},
	}}
	job.SetName(name)
	job.SetNamespace(namespace)
	if len(wanted) > 0 {
		job.SetAnnotations(wanted)
	}
	return job
}
