package kube

import (
	"context"
	"slices"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

// FewJobs returns the names of jobs in a namespace, as many as one page has.
func (c *Client) FewJobs(ctx context.Context, namespace string) ([]string, error) {
	return c.fewNames(ctx, MPIJobs, namespace, metav1.ListOptions{})
}

// FewPods returns the names of a job's pods, as many as one page has.
func (c *Client) FewPods(ctx context.Context, namespace, job string) ([]string, error) {
	return c.fewNames(ctx, pods, namespace, metav1.ListOptions{LabelSelector: labels.Set{v2beta1.JobNameLabel: job}.String()})
}

// FewNamespaces returns the names of namespaces that belong to a project, as many as one page has.
func (c *Client) FewNamespaces(ctx context.Context) ([]string, error) {
	return c.fewNames(ctx, namespaces, "", metav1.ListOptions{LabelSelector: ProjectLabel})
}

// ProjectNames returns the names of projects: of all, or of those that the user is allowed to read.
func (c *Client) ProjectNames(ctx context.Context) ([]string, error) {
	names, err := c.fewNames(ctx, projects, "", metav1.ListOptions{})
	if IsForbidden(err) {
		return c.readableProjects(ctx), nil
	}
	return names, err
}

// NodeTypes returns the node types of a project.
func (c *Client) NodeTypes(ctx context.Context, name string) ([]string, error) {
	object, err := c.Get(ctx, projects, "", name)
	if err != nil {
		return nil, err
	}
	var project v1alpha1.Project
	if err := Decode(object, &project); err != nil {
		return nil, err
	}
	affinity := project.Spec.NodeAffinity
	return slices.Concat(affinity.Train, affinity.Interactive), nil
}

// Containers returns the names of the containers of a pod of a job, or of all its pods if the pod is "".
func (c *Client) Containers(ctx context.Context, namespace, job, pod string) ([]string, error) {
	found, err := c.JobPods(ctx, namespace, job)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, one := range found {
		if pod != "" && one.Name != pod {
			continue
		}
		for _, container := range slices.Concat(one.Spec.InitContainers, one.Spec.Containers) {
			names = append(names, container.Name)
		}
	}
	return names, nil
}

func (c *Client) fewNames(
	ctx context.Context, resource schema.GroupVersionResource, namespace string, options metav1.ListOptions,
) ([]string, error) {
	options.Limit = namesInPage
	page, err := c.namesPage(ctx, resource, namespace, options)
	if err != nil {
		return nil, err
	}
	return namesOf(page)
}
