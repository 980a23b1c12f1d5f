package kube

import (
	"context"
	"fmt"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/pager"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

// The resources that the command line only reads.
var (
	pods     = corev1.SchemeGroupVersion.WithResource("pods")
	projects = v1alpha1.GroupVersion.WithResource("projects")

	// Queues are those of the KAI scheduler.
	Queues = schema.GroupVersionResource{Group: "scheduling.run.ai", Version: "v2", Resource: "queues"}
)

// Get returns an object as stored in the cluster.
func (c *Client) Get(ctx context.Context, resource schema.GroupVersionResource, namespace, name string) (*unstructured.Unstructured, error) {
	return c.dynamic.Resource(resource).Namespace(namespace).Get(ctx, name, metav1.GetOptions{})
}

// Jobs returns the MPIJobs of a namespace as stored in the cluster, or of all namespaces if it is "".
func (c *Client) Jobs(ctx context.Context, namespace string) ([]*unstructured.Unstructured, error) {
	return c.list(ctx, MPIJobs, namespace, metav1.ListOptions{})
}

// JobPods returns the pods of the MPIJobs of a namespace, or of all namespaces if it is "". If job is set, it
// returns only the pods of this job. They have no managed fields. They are read by their Go type: as maps, the pods of
// thousands of workers would take a gigabyte.
func (c *Client) JobPods(ctx context.Context, namespace, job string) ([]corev1.Pod, error) {
	selector := v2beta1.JobNameLabel
	if job != "" {
		selector = labels.Set{v2beta1.JobNameLabel: job}.String()
	}
	page := func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		list := &corev1.PodList{}
		err := c.core.Get().Namespace(namespace).Resource(pods.Resource).VersionedParams(&options, metav1.ParameterCodec).Do(ctx).Into(list)
		return list, err
	}
	var found []corev1.Pod
	err := pager.New(page).EachListItem(ctx, metav1.ListOptions{LabelSelector: selector}, func(object runtime.Object) error {
		pod := object.(*corev1.Pod)
		pod.ManagedFields = nil
		found = append(found, *pod)
		return nil
	})
	return found, err
}

// Projects returns all projects as stored in the cluster, or those that the user is allowed to read.
func (c *Client) Projects(ctx context.Context) ([]*unstructured.Unstructured, error) {
	found, err := c.list(ctx, projects, "", metav1.ListOptions{})
	switch {
	case isNoResource(err):
		return nil, fmt.Errorf("projects (%s) are not installed on this cluster: ask your administrator to install the chart runai-mpi",
			v1alpha1.GroupVersion)
	case IsForbidden(err):
		return c.ownProjects(ctx, err)
	}
	return found, err
}

// list returns all objects, which it reads in pages.
func (c *Client) list(
	ctx context.Context, resource schema.GroupVersionResource, namespace string, options metav1.ListOptions,
) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	err := c.eachItem(ctx, resource, namespace, options, func(object *unstructured.Unstructured) error {
		objects = append(objects, object)
		return nil
	})
	return objects, err
}

// eachItem reads a list in pages.
func (c *Client) eachItem(ctx context.Context, resource schema.GroupVersionResource, namespace string,
	options metav1.ListOptions, item func(*unstructured.Unstructured) error,
) error {
	page := func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		return c.dynamic.Resource(resource).Namespace(namespace).List(ctx, options)
	}
	return pager.New(page).EachListItem(ctx, options, func(object runtime.Object) error {
		return item(object.(*unstructured.Unstructured))
	})
}

// Decode converts an object to its Go type, and ignores fields that the type does not have.
func Decode(object *unstructured.Unstructured, into any) error {
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, into); err != nil {
		return fmt.Errorf("cannot read %s %q: it is not valid in %s", object.GetKind(), object.GetName(), object.GetAPIVersion())
	}
	return nil
}
