package kube

import (
	"context"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// Create creates a job, or with dryRun only asks what would be stored, and returns the API server's
// answer as it is: with fields that this program does not know.
func (c *Client) Create(ctx context.Context, job *unstructured.Unstructured, dryRun bool) (*unstructured.Unstructured, error) {
	options := metav1.CreateOptions{FieldManager: c.manager}
	if dryRun {
		options.DryRun = []string{metav1.DryRunAll}
	}
	return c.dynamic.Resource(mpiJobs).Namespace(job.GetNamespace()).Create(ctx, job, options)
}

// Get returns a job.
func (c *Client) Get(ctx context.Context, namespace, name string) (*unstructured.Unstructured, error) {
	return c.dynamic.Resource(mpiJobs).Namespace(namespace).Get(ctx, name, metav1.GetOptions{})
}

// IsOurs tells whether this very run created the object.
func (c *Client) IsOurs(object *unstructured.Unstructured) bool {
	return slices.ContainsFunc(object.GetManagedFields(), func(entry metav1.ManagedFieldsEntry) bool {
		return entry.Manager == c.manager
	})
}

// Delete deletes exactly this job, not another one that has its name by now.
func (c *Client) Delete(ctx context.Context, namespace, name string, uid types.UID) error {
	propagation := metav1.DeletePropagationBackground
	return c.dynamic.Resource(mpiJobs).Namespace(namespace).Delete(ctx, name, metav1.DeleteOptions{
		Preconditions: metav1.NewUIDPreconditions(string(uid)), PropagationPolicy: &propagation,
	})
}

// Names returns the names of all jobs of a namespace.
func (c *Client) Names(ctx context.Context, namespace string) ([]string, error) {
	list, err := c.metadata.Resource(mpiJobs).Namespace(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(list.Items))
	for _, item := range list.Items {
		names = append(names, item.Name)
	}
	return names, nil
}
