package kube

import (
	"context"
	"errors"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/pager"
)

// ProjectLabel is the label of a namespace with the name of its project. The command line cannot read the
// cluster policy, so this is projectLabel of the default one.
const ProjectLabel = "runai/queue"

const namespacePrefix = "runai-"

var namespaces = corev1.SchemeGroupVersion.WithResource("namespaces")

// ProjectOf returns the project of a namespace by its name.
func ProjectOf(namespace string) string { return strings.TrimPrefix(namespace, namespacePrefix) }

// ProjectOfNamespace returns the project of a namespace: by its label, or by its name if the user is not allowed
// to read the label.
func (c *Client) ProjectOfNamespace(ctx context.Context, namespace string) string {
	if project := c.labelOf(ctx, namespace); project != "" {
		return project
	}
	return ProjectOf(namespace)
}

// labelOf returns the project in the label of a namespace, or "".
func (c *Client) labelOf(ctx context.Context, namespace string) string {
	labels, err := c.NamespaceLabels(ctx, namespace)
	if err != nil {
		return ""
	}
	return labels[ProjectLabel]
}

// NamespaceLabels returns the labels of a namespace. Members of a project are allowed to read the project's namespaces
// one at a time, but not to list all namespaces.
func (c *Client) NamespaceLabels(ctx context.Context, namespace string) (map[string]string, error) {
	found, err := c.metadata.Resource(namespaces).Get(ctx, namespace, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	return found.Labels, nil
}

// ProjectsByNamespace returns the project of each namespace that a label selector selects.
func (c *Client) ProjectsByNamespace(ctx context.Context, selector string) (map[string]string, error) {
	page := func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		return c.metadata.Resource(namespaces).List(ctx, options)
	}
	found := map[string]string{}
	err := pager.New(page).EachListItem(ctx, metav1.ListOptions{LabelSelector: selector}, func(item runtime.Object) error {
		namespace := item.(*metav1.PartialObjectMetadata)
		found[namespace.Name] = namespace.Labels[ProjectLabel]
		return nil
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// IsNoNamespace reports whether a namespace does not exist.
func IsNoNamespace(err error) bool {
	var status apierrors.APIStatus
	return apierrors.IsNotFound(err) && errors.As(err, &status) &&
		status.Status().Details != nil && status.Status().Details.Kind == "namespaces"
}

// IsMissingNamespace reports whether the API server says that a namespace does not exist.
func (c *Client) IsMissingNamespace(ctx context.Context, namespace string) bool {
	_, err := c.metadata.Resource(namespaces).Get(ctx, namespace, metav1.GetOptions{})
	return apierrors.IsNotFound(err)
}
