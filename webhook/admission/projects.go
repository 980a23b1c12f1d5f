package admission

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

// CachedProjects looks projects up in the informers' cache, and nowhere else: an admission must not
// wait for another request to the API server.
type CachedProjects struct {
	// Reader reads namespaces, as metadata only, and projects.
	Reader client.Reader
	// Label is the label of a namespace that names its project.
	Label string
}

// ProjectOf returns the namespace's project. What the cache does not know may have been created this
// very moment: the status is 503, for the client to try again.
func (c CachedProjects) ProjectOf(ctx context.Context, namespace string) (*v1alpha1.Project, error) {
	name, err := c.projectName(ctx, namespace)
	if err != nil {
		return nil, err
	}
	project := &v1alpha1.Project{}
	err = c.Reader.Get(ctx, client.ObjectKey{Name: name}, project)
	if apierrors.IsNotFound(err) {
		return nil, unavailable("project %s does not exist, or was created this very moment; namespace %s belongs to it by its label %s",
			name, namespace, c.Label)
	}
	if err != nil {
		return nil, unavailable("the webhook cannot look up project %s: %s", name, err)
	}
	return project, nil
}

func (c CachedProjects) projectName(ctx context.Context, namespace string) (string, error) {
	object := NamespaceMetadata()
	err := c.Reader.Get(ctx, client.ObjectKey{Name: namespace}, object)
	name := object.Labels[c.Label]
	switch {
	case err != nil && !apierrors.IsNotFound(err):
		return "", unavailable("the webhook cannot look up namespace %s: %s", namespace, err)
	case name == "":
		return "", unavailable("namespace %s has no label %s that names its project, or got it this very moment", namespace, c.Label)
	}
	return name, nil
}

// NamespaceMetadata is the object by which namespaces are cached and looked up.
func NamespaceMetadata() *metav1.PartialObjectMetadata {
	object := &metav1.PartialObjectMetadata{}
	object.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
	return object
}

func unavailable(format string, args ...any) error {
	return apierrors.NewServiceUnavailable(fmt.Sprintf(format, args...))
}
