package kueue

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
	"github.com/runai-mpi/runai-mpi/test/internal/chart"
	"github.com/runai-mpi/runai-mpi/test/internal/env"
)

// render returns what "kubectl apply --kustomize" would install.
func render(ctx context.Context, cluster *env.Env) (chart.Objects, error) {
	source, err := binaries.Source(binaries.Kueue)
	if err != nil {
		return nil, err
	}
	text, _, err := cluster.Kubectl(ctx, nil, "kustomize", filepath.Join(source, "config", "default"))
	if err != nil {
		return nil, fmt.Errorf("cannot render Kueue's manifests: %w", err)
	}
	return chart.Decode(strings.NewReader(text))
}

// apply creates Kueue's CRDs and its service account. The CRDs need no conversion, since no older Kueue has
// stored anything, and a process needs no Deployment or Services.
func (k *Kueue) apply(ctx context.Context) error {
	crds := envtest.CRDInstallOptions{CRDs: k.manifests.CRDs(), WebhookOptions: k.hooks}
	if _, err := envtest.InstallCRDs(k.cluster.Config, crds); err != nil {
		return fmt.Errorf("cannot install Kueue's CRDs: %w", err)
	}
	for _, object := range k.manifests {
		if !isAccount(object) {
			continue
		}
		if err := k.client.Create(ctx, object.DeepCopy()); err != nil {
			return fmt.Errorf("cannot create %s %s of Kueue: %w", object.GetKind(), object.GetName(), err)
		}
	}
	return nil
}

// isAccount reports whether an object is Kueue's namespace, its service account or one of the
// account's permissions.
func isAccount(object *unstructured.Unstructured) bool {
	kind := object.GetKind()
	return kind == "Namespace" || kind == "ServiceAccount" || object.GroupVersionKind().Group == rbacv1.GroupName
}
