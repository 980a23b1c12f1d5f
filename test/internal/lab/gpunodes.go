package lab

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	kwokAnnotation = "kwok.x-k8s.io/node"
	kwokValue      = "fake"
)

// gpuNodes has the names of the simulated nodes, by node type.
var gpuNodes = map[string][]string{
	"dgx": {"dgx-0", "dgx-1"},
	"t4":  {"t4-0", "t4-1"},
}

// stages are kwok's own: nodes are ready at once, pods run at once, and those of a Job complete at once.
var stages = []string{
	"node/fast/node-initialize.yaml",
	"node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
	"pod/fast/pod-ready.yaml",
	"pod/fast/pod-complete.yaml",
	"pod/fast/pod-delete.yaml",
}

// addGPUNodes adds the simulated nodes and starts kwok, which updates their status and that of their pods.
func (l *Lab) addGPUNodes(ctx context.Context) error {
	if !l.options.GPUNodes {
		return nil
	}
	for nodeType, names := range gpuNodes {
		for _, name := range names {
			if _, err := l.Clients.CoreV1().Nodes().Create(ctx, gpuNode(name, nodeType), metav1.CreateOptions{}); err != nil {
				return fmt.Errorf("cannot add node %s: %w", name, err)
			}
		}
	}
	return l.StartKwok(ctx, stages,
		"--manage-all-nodes=false",
		"--manage-nodes-with-annotation-selector="+kwokAnnotation+"="+kwokValue,
		"--cidr="+simulatedPods,
		"--node-ip=10.213.128.1",
	)
}

// gpuNode returns a node that the scheduler avoids for pods that the real node can run.
func gpuNode(name, nodeType string) *corev1.Node {
	capacity := corev1.ResourceList{
		corev1.ResourceCPU:    resource.MustParse("64"),
		corev1.ResourceMemory: resource.MustParse("512Gi"),
		corev1.ResourcePods:   resource.MustParse("110"),
		"nvidia.com/gpu":      resource.MustParse("8"),
	}
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name:        name,
			Labels:      map[string]string{corev1.LabelHostname: name, nodeTypeLabel: nodeType},
			Annotations: map[string]string{kwokAnnotation: kwokValue},
		},
		Spec: corev1.NodeSpec{
			Taints: []corev1.Taint{{Key: kwokAnnotation, Value: kwokValue, Effect: corev1.TaintEffectPreferNoSchedule}},
		},
		Status: corev1.NodeStatus{Capacity: capacity, Allocatable: capacity},
	}
}
