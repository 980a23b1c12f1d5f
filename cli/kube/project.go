package kube

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ProjectLabel is the label of a namespace that names its project: projectLabel of the default
// cluster policy, which the command line cannot read.
const ProjectLabel = "runai/queue"

const namespacePrefix = "runai-"

// A Place is where a command acts.
type Place struct {
	// Project is the one that the user named, or "".
	Project string
	// Namespace is the one that the user named, or where the project is looked for first.
	Namespace string
	// Named is true if the user named the namespace.
	Named bool
}

// PlaceOf is the place of what the user named, if anything. A project's namespace is the context's, if
// its name says so, else runai-<project>: nobody is asked.
func PlaceOf(project, namespace, contextNamespace string) Place {
	place := Place{Project: project, Namespace: namespace, Named: namespace != ""}
	switch {
	case place.Named:
	case project == "" || contextNamespace == project || contextNamespace == namespacePrefix+project:
		place.Namespace = contextNamespace
	default:
		place.Namespace = namespacePrefix + project
	}
	return place
}

// IsGuess is true where the project may have another namespace.
func (p Place) IsGuess() bool { return p.Project != "" && !p.Named }

// Flags name the place in a further command, with a space before them.
func (p Place) Flags() string {
	flags := ""
	if p.Project != "" {
		flags += " -p " + p.Project
	}
	if p.Named {
		flags += " -n " + p.Namespace
	}
	return flags
}

// ProjectOf is the project of a namespace, as its name tells it.
func ProjectOf(namespace string) string { return strings.TrimPrefix(namespace, namespacePrefix) }

// Lookup finds the namespace of a project that does not bear its name, by the label.
func (c *Client) Lookup(ctx context.Context, place Place) (Place, error) {
	found, err := c.ProjectsByNamespace(ctx, ProjectLabel+"="+place.Project)
	if err != nil {
		return place, err
	}
	names := slices.Sorted(maps.Keys(found))
	switch len(names) {
	case 0:
		return place, fmt.Errorf("--project %s was not found: no namespace has the label %s=%s; see runai list projects", place.Project, ProjectLabel, place.Project)
	case 1:
		place.Namespace = names[0]
		return place, nil
	}
	return place, fmt.Errorf("--project %s has the namespaces %s: write one of them with -n", place.Project, strings.Join(names, ", "))
}

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
