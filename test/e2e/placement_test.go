package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

// nodesOf are the nodes on which the scheduler put the pods of a job.
func nodesOf(t *testing.T, namespace, name string, pods int) []string {
	t.Helper()
	var nodes []string
	eventually(t, time.Minute, "the pods of "+name+" have nodes", func(ctx context.Context) bool {
		nodes = nil
		var list corev1.PodList
		if err := product.Client.List(ctx, &list, client.InNamespace(namespace), client.MatchingLabels{v2beta1.JobNameLabel: name}); err != nil {
			t.Fatal(err)
		}
		for _, pod := range list.Items {
			if pod.Spec.NodeName != "" {
				nodes = append(nodes, pod.Spec.NodeName)
			}
		}
		return len(nodes) >= pods
	})
	return nodes
}

// The real scheduler places the jobs of a project on nodes with GPUs, which are played.
func TestPlacement(t *testing.T) {
	t.Parallel()
	train := addProject(t, "train", v1alpha1.ProjectSpec{NodeAffinity: v1alpha1.NodeAffinity{Train: []string{"dgx"}}})
	both := addProject(t, "both", v1alpha1.ProjectSpec{NodeAffinity: v1alpha1.NodeAffinity{Train: []string{"dgx", "t4"}}})
	submit(t, "", "trains", "-n", train, "-i", "example/train", "-g", "4", "--processes=3")
	submit(t, "", "asks", "-n", both, "-i", "example/train", "-g", "4", "--processes=3", "--node-type", "t4")
	create(t, train, fmt.Sprintf(ownAffinity, "[dgx-1, t4-0]"))
	for _, test := range []struct{ namespace, job, prefix string }{{train, "trains", "dgx-"}, {both, "asks", "t4-"}, {train, "own", "dgx-1"}} {
		for _, node := range nodesOf(t, test.namespace, test.job, 2) {
			if !strings.HasPrefix(node, test.prefix) {
				t.Errorf("a pod of %s is on %s", test.job, node)
			}
		}
	}
}

const ownAffinity = `
apiVersion: kubeflow.org/v2beta1
kind: MPIJob
metadata: {name: own}
spec:
  mpiReplicaSpecs:
    Launcher: {replicas: 1, template: &template {spec: {
      affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: %s}]}]}}},
      containers: [{name: mpi, image: example/train}]}}}
    Worker: {replicas: 2, template: *template}
`
