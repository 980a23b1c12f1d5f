package kube

import (
	"context"
	"errors"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ProjectLabel is the label of a namespace with the name of its project. The command line cannot read the
// cluster policy, so this is projectLabel of the default one.
const ProjectLabel = "runai/queue"

const namespacePrefix = "runai-"

// ProjectOf returns the project of a namespace by its name.
func ProjectOf(namespace string) string { return strings.TrimPrefix(namespace, namespacePrefix) }

// ProjectOfContext returns the project of the kubeconfig's namespace: by its label, or by its name if the
// user is not allowed to read labels.
func (c *Client) ProjectOfContext(ctx context.Context) string {
	found, _ := c.ProjectsByNamespace(ctx, ProjectLabel)
	if project := found[c.Namespace]; project != "" {
		return project
	}
	return ProjectOf(c.Namespace)
}

// ProjectsByNamespace returns the project of each namespace that a label selector selects.
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

// IsNoNamespace reports whether a namespace does not exist.
func IsNoNamespace(err error) bool {
	var status apierrors.APIStatus
	return apierrors.IsNotFound(err) && errors.As(err, &status) &&
		status.Status().Details != nil && status.Status().Details.Kind == "namespaces"
}
