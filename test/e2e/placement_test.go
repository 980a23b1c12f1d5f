package e2e

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

var assigned = regexp.MustCompile(`^Successfully assigned \S+/(\S+)-(?:worker-\d+|launcher-\w+) to (\S+)$`)

// nodesOf returns the nodes of a job's pods from the scheduler's events, because on simulated nodes a job ends
// at once and its pods are deleted.
func nodesOf(t *testing.T, namespace, name string, pods int) []string {
	t.Helper()
	var nodes []string
	suite.Eventually(t, "the pods of "+name+" have nodes", time.Minute, func() error {
		nodes = nil
		var events corev1.EventList
		if err := product.Client.List(t.Context(), &events, client.InNamespace(namespace)); err != nil {
			return err
		}
		for _, event := range events.Items {
			if match := assigned.FindStringSubmatch(event.Message); match != nil && match[1] == name {
				nodes = append(nodes, match[2])
			}
		}
		if len(nodes) < pods {
			return fmt.Errorf("%d of %d pods have nodes: %v", len(nodes), pods, nodes)
		}
		return nil
	})
	return nodes
}

// The real scheduler places the jobs of a project on simulated GPU nodes.
func TestPlacement(t *testing.T) {
	t.Parallel()
	train := addProject(t, "train", v1alpha1.ProjectSpec{NodeAffinity: v1alpha1.NodeAffinity{Train: []string{"dgx"}}})
	both := addProject(t, "both", v1alpha1.ProjectSpec{NodeAffinity: v1alpha1.NodeAffinity{Train: []string{"dgx", "t4"}}})
	submit(t, "", "trains", "-n", train, "-i", "example/train", "-g", "4", "--processes=3")
	submit(t, "", "selects", "-n", both, "-i", "example/train", "-g", "4", "--processes=3", "--node-type", "t4")
	product.CreateManifest(t, train, fmt.Sprintf(ownAffinity, "[dgx-1, t4-0]"))
	for _, test := range []struct {
		namespace, job, prefix string
		pods                   int
	}{{train, "trains", "dgx-", 4}, {both, "selects", "t4-", 4}, {train, "own", "dgx-1", 3}} {
		for _, node := range nodesOf(t, test.namespace, test.job, test.pods) {
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
      affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [
        {matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: %s}]}]}}},
      containers: [{name: mpi, image: example/train}]}}}
    Worker: {replicas: 2, template: *template}
`
