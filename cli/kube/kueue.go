package kube

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

const kueueGroup = "kueue.x-k8s.io"

// kueueVersions are the versions of Kueue's APIs, the newest first. Older releases serve only the last.
var kueueVersions = []string{"v1beta2", "v1beta1"}

// Workload returns the job with this UID as Kueue sees it, or nil if Kueue does not know the job, or is not installed.
func (c *Client) Workload(ctx context.Context, namespace string, job types.UID) (*unstructured.Unstructured, error) {
	selector := labels.Set{kueueGroup + "/job-uid": string(job)}.String()
	for _, version := range kueueVersions {
		workloads := schema.GroupVersionResource{Group: kueueGroup, Version: version, Resource: "workloads"}
		found, err := c.dynamic.Resource(workloads).Namespace(namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
		switch {
		case isNoResource(err):
			continue
		case err != nil:
			return nil, err
		case len(found.Items) > 0:
			return &found.Items[0], nil
		}
		return nil, nil
	}
	return nil, nil
}

// PendingWorkloads returns the jobs that wait in a queue of Kueue, in their order, or nil if Kueue does not say.
func (c *Client) PendingWorkloads(ctx context.Context, namespace, queue string) *unstructured.Unstructured {
	for _, version := range kueueVersions {
		queues := schema.GroupVersionResource{Group: "visibility." + kueueGroup, Version: version, Resource: "localqueues"}
		found, err := c.dynamic.Resource(queues).Namespace(namespace).Get(ctx, queue, metav1.GetOptions{}, "pendingworkloads")
		if isNoResource(err) {
			continue
		}
		if err != nil {
			return nil
		}
		return found
	}
	return nil
}
