package server

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/webhook/review"
)

// CachedNamespaces looks up namespaces and their projects in the informers' cache only: an admission must
// not wait for another request to the API server.
type CachedNamespaces struct {
	// Reader reads namespaces, as metadata only, and projects.
	Reader client.Reader
	// Label is the label of a namespace that names its project.
	Label string
}

// FactsOf returns the namespace's project and its Pod Security Standard. If the cache does not have one of
// them, it may have been created just now, so the error has the status 503 and the client can try again.
func (c CachedNamespaces) FactsOf(ctx context.Context, namespace string) (review.NamespaceFacts, error) {
	labels, err := c.labelsOf(ctx, namespace)
	if err != nil {
		return review.NamespaceFacts{}, err
	}
	project, name := &v1alpha1.Project{}, labels[c.Label]
	err = c.Reader.Get(ctx, client.ObjectKey{Name: name}, project)
	if apierrors.IsNotFound(err) {
		return review.NamespaceFacts{}, unavailable("project %q of namespace %s (label %s) not found: try again; if it persists, ask your administrator",
			name, namespace, c.Label)
	}
	if err != nil {
		return review.NamespaceFacts{}, unavailable("cannot look up project %s: %s", name, err)
	}
	project = review.ProjectIn(project, labels)
	return review.NamespaceFacts{
		Project: project, PodSecurity: review.PodSecurityOf(labels), WarnOnly: review.WarnOnlyOf(project, namespace, labels),
	}, nil
}

func (c CachedNamespaces) labelsOf(ctx context.Context, namespace string) (map[string]string, error) {
	object := NamespaceMetadata()
	err := c.Reader.Get(ctx, client.ObjectKey{Name: namespace}, object)
	switch {
	case err != nil && !apierrors.IsNotFound(err):
		return nil, unavailable("cannot look up namespace %s: %s", namespace, err)
	case object.Labels[c.Label] == "":
		return nil, unavailable("namespace %s has no label %s naming its project: try again; if it persists, ask your administrator", namespace, c.Label)
	}
	return object.Labels, nil
}

// NamespaceMetadata returns an empty object for caching and looking up namespaces.
func NamespaceMetadata() *metav1.PartialObjectMetadata {
	object := &metav1.PartialObjectMetadata{}
	object.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
	return object
}
