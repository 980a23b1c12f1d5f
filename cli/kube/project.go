package kube

import (
	"context"
	"errors"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// ProjectLabel is the label of a namespace that names its project: projectLabel of the default
// cluster policy, which the command line cannot read.
const ProjectLabel = "runai/queue"

const namespacePrefix = "runai-"

// NamespaceOf is the namespace in which a project's jobs are looked for first: the context's, if its
// name says so, else runai-<project>.
func NamespaceOf(project, contextNamespace string) string {
	switch {
	case project == "" || contextNamespace == project || contextNamespace == namespacePrefix+project:
		return contextNamespace
	default:
		return namespacePrefix + project
	}
}

// NamespacesOf returns the namespaces that belong to a project by their label.
func (c *Client) NamespacesOf(ctx context.Context, project string) ([]string, error) {
	selector := labels.SelectorFromValidatedSet(labels.Set{ProjectLabel: project})
	list, err := c.metadata.Resource(corev1.SchemeGroupVersion.WithResource("namespaces")).
		List(ctx, metav1.ListOptions{LabelSelector: selector.String()})
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(list.Items))
	for _, item := range list.Items {
		names = append(names, item.Name)
	}
	return names, nil
}

// IsNoNamespace tells a namespace that does not exist from anything else that was not found.
func IsNoNamespace(err error) bool {
	var status apierrors.APIStatus
	return apierrors.IsNotFound(err) && errors.As(err, &status) &&
		status.Status().Details != nil && status.Status().Details.Kind == "namespaces"
}
