package bench

import (
	"net/http"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/fields"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/webhook/review"
	"github.com/runai-mpi/runai-mpi/webhook/server"
)

// everybody returns the cache options of the product.
func everybody() cache.Options { return server.CacheOptions(config.Default().ProjectLabel) }

// alone returns the cache options as if the cluster had one project and one person.
func alone() cache.Options {
	options := everybody()
	for object, of := range options.ByObject {
		name := namespaceName(0)
		switch object.(type) {
		case *apiextensionsv1.CustomResourceDefinition:
			continue // there is only one anyway
		case *v1alpha1.Project:
			name = projectName(0)
		case *v1alpha1.PosixIdentity:
			name = personName(0)
		}
		of.Field = fields.OneTermEqualSelector("metadata.name", name)
		options.ByObject[object] = of
	}
	return options
}

// handlers returns a handler with both webhooks, as the product assembles them, in this process and with a
// cache that is synced from the API server.
func handlers(b testing.TB, options cache.Options) http.Handler {
	b.Helper()
	cluster, err := config.Load(product.Policy)
	if err != nil {
		b.Fatal(err)
	}
	manager, err := ctrl.NewManager(product.Config, ctrl.Options{
		Scheme: server.Scheme(), Cache: options, Metrics: metricsserver.Options{BindAddress: "0"},
	})
	if err != nil {
		b.Fatal(err)
	}
	reviewer := review.Reviewer{Cluster: cluster, Version: "(bench)"}
	if err := server.AddToManager(b.Context(), manager, server.NewHealth(), reviewer); err != nil {
		b.Fatal(err)
	}
	go func() {
		if err := manager.GetCache().Start(b.Context()); err != nil {
			b.Error(err)
		}
	}()
	if !manager.GetCache().WaitForCacheSync(b.Context()) {
		b.Fatal("the caches are not synced")
	}
	return manager.GetWebhookServer().WebhookMux()
}
