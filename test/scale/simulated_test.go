package scale

import (
	"fmt"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

const podsOfNode = 512

// Pods run at once, and nothing completes, so that a job stays as it is until it is deleted.
var stages = []string{
	"node/fast/node-initialize.yaml",
	"node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
	"pod/fast/pod-ready.yaml",
	"pod/fast/pod-delete.yaml",
}

var startNodes sync.Once

// addNodes adds simulated nodes for a number of pods, once.
func addNodes(t *testing.T, pods int) {
	t.Helper()
	startNodes.Do(func() {
		capacity := corev1.ResourceList{
			corev1.ResourceCPU: resource.MustParse("4096"), corev1.ResourceMemory: resource.MustParse("64Ti"),
			corev1.ResourcePods: *resource.NewQuantity(podsOfNode, resource.DecimalSI),
			"nvidia.com/gpu":    *resource.NewQuantity(podsOfNode, resource.DecimalSI),
		}
		for n := range (pods + podsOfNode - 1) / podsOfNode {
			if err := product.AddNode(t.Context(), fmt.Sprint("node-", n), nil, capacity); err != nil {
				t.Fatal(err)
			}
		}
		if err := product.StartKwok(t.Context(), stages, "--manage-all-nodes=true", "--cidr=10.128.0.1/16"); err != nil {
			t.Fatal(err)
		}
	})
}
