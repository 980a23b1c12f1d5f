package kube

import (
	"context"
	"errors"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ProjectLabel is the label of a namespace that names its project: projectLabel of the default
// cluster policy, which the command line cannot read.
const ProjectLabel = "runai/queue"

const namespacePrefix = "runai-"

// ProjectOf is the project of a namespace, as its name tells it.
func ProjectOf(namespace string) string { return strings.TrimPrefix(namespace, namespacePrefix) }

// ProjectOfContext is the project of the kubeconfig's namespace: its label's, or what its name says to a
// user who may not read labels.
func (c *Client) ProjectOfContext(ctx context.Context) string {
	found, _ := c.ProjectsByNamespace(ctx, ProjectLabel)
	if project := found[c.Namespace]; project != "" {
		return project
	}
	return ProjectOf(c.Namespace)
}

// ProjectsByNamespace returns the project of each namespace that a label selector finds.
func (c *Client) ProjectsByNamespace(ctx context.Context, selector string) (map[string]string, error) {
	resource := corev1.SchemeGroupVersion.WithResource("namespaces")
	list, err := c.metadata.Resource(resource).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, err
	}
	found := map[string]string{}
	for _, item := range list.Items {
		found[item.Name] = item.Labels[ProjectLabel]
	}
	return found, nil
}

// IsNoNamespace tells a namespace that does not exist from anything else that was not found.
func IsNoNamespace(err error) bool {
	var status apierrors.APIStatus
	return apierrors.IsNotFound(err) && errors.As(err, &status) &&
		status.Status().Details != nil && status.Status().Details.Kind == "namespaces"
}
