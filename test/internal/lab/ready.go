package lab

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/runai-mpi/runai-mpi/test/internal/process"
)

// nodeTimeout bounds the time from the kubelet's start until its node takes pods.
const nodeTimeout = time.Minute

func (l *Lab) waitForNodes(ctx context.Context) error {
	wanted := 1
	if l.options.GPUNodes {
		for _, names := range gpuNodes {
			wanted += len(names)
		}
	}
	last := 0
	err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, nodeTimeout, true, func(ctx context.Context) (bool, error) {
		nodes, err := l.Clients.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
		if err != nil {
			return false, err
		}
		last = 0
		for _, node := range nodes.Items {
			if takesPods(&node) {
				last++
			}
		}
		return last == wanted, nil
	})
	if err != nil {
		return fmt.Errorf("%d of %d nodes are ready: %w\n%s", last, wanted, err, process.Tail(l.LogFile("kubelet")))
	}
	return l.labelNode(ctx)
}

// takesPods also checks the taint, which a controller removes only after the node is ready.
func takesPods(node *corev1.Node) bool {
	for _, taint := range node.Spec.Taints {
		if taint.Effect == corev1.TaintEffectNoSchedule {
			return false
		}
	}
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

func (l *Lab) labelNode(ctx context.Context) error {
	patch := fmt.Sprintf(`{"metadata":{"labels":{%q:%q}}}`, nodeTypeLabel, NodeType)
	if _, err := l.Clients.CoreV1().Nodes().Patch(ctx, NodeName, types.MergePatchType, []byte(patch), metav1.PatchOptions{}); err != nil {
		return fmt.Errorf("cannot label the node: %w", err)
	}
	return nil
}
