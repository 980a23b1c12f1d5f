package env

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// AddNode adds a node that looks ready, so that the scheduler binds Pods to it. Nothing runs them, and nothing
// ends them: delete a bound Pod with --grace-period=0 --force.
func (e *Env) AddNode(ctx context.Context, name string, labels map[string]string, allocatable corev1.ResourceList) error {
	node := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: withHostname(labels, name)},
		Status: corev1.NodeStatus{
			Capacity:    allocatable,
			Allocatable: allocatable,
			Conditions:  []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}},
		},
	}
	nodes := e.clients.CoreV1().Nodes()
	if _, err := nodes.Create(ctx, node, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("cannot add node %s: %w", name, err)
	}
	// Admission taints every new node as not ready, and no node controller runs that would remove the taint.
	patch := []byte(`{"spec":{"taints":null}}`)
	if _, err := nodes.Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		return fmt.Errorf("cannot add node %s: %w", name, err)
	}
	return nil
}

func withHostname(labels map[string]string, name string) map[string]string {
	all := map[string]string{corev1.LabelHostname: name}
	for key, value := range labels {
		all[key] = value
	}
	return all
}
