package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/selection"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/webhook/review"
)

// Scheme returns a scheme with the types that the webhook reads. Namespaces are cached as metadata and
// need no type.
func Scheme() *runtime.Scheme {
	scheme := runtime.NewScheme()
	if err := errors.Join(v1alpha1.AddToScheme(scheme), apiextensionsv1.AddToScheme(scheme), corev1.AddToScheme(scheme)); err != nil {
		panic(err) // two types of the same name: no input can cause it
	}
	return scheme
}

// Mapper returns the resources of what the webhook reads, without asking an API server, which may not answer yet.
func Mapper(*rest.Config, *http.Client) (meta.RESTMapper, error) {
	mapper := meta.NewDefaultRESTMapper(nil)
	for _, kind := range []schema.GroupVersionKind{
		corev1.SchemeGroupVersion.WithKind("Namespace"),
		v1alpha1.GroupVersion.WithKind("Project"),
		v1alpha1.GroupVersion.WithKind("PosixIdentity"),
		apiextensionsv1.SchemeGroupVersion.WithKind("CustomResourceDefinition"),
	} {
		mapper.Add(kind, meta.RESTScopeRoot)
	}
	mapper.Add(corev1.SchemeGroupVersion.WithKind("Pod"), meta.RESTScopeNamespace)
	return mapper, nil
}

// CacheOptions returns the options of a cache with all Projects and PosixIdentities, the metadata of the
// namespaces with the label, and the MPIJob CRD, each reduced to what is read. Nothing is copied on
// reading, because nobody changes what is read.
func CacheOptions(projectLabel string) cache.Options {
	labelled, err := labels.NewRequirement(projectLabel, selection.Exists, nil)
	if err != nil {
		panic(err) // the validation of the cluster policy accepts only label keys
	}
	uncopied := true
	return cache.Options{
		DefaultTransform: dropUnread,
		NewInformer:      newInformer,
		ByObject: map[client.Object]cache.ByObject{
			NamespaceMetadata():       {Label: labels.NewSelector().Add(*labelled), UnsafeDisableDeepCopy: &uncopied},
			&v1alpha1.Project{}:       {UnsafeDisableDeepCopy: &uncopied},
			&v1alpha1.PosixIdentity{}: {UnsafeDisableDeepCopy: &uncopied},
			&apiextensionsv1.CustomResourceDefinition{}: {
				UnsafeDisableDeepCopy: &uncopied, Transform: reduceCRD, Field: onlyMPIJobCRD,
			},
		},
	}
}

// AddToManager adds the webhooks to a manager, and their checks to the others. A replica is ready when it serves TLS
// and its caches are synced.
func AddToManager(ctx context.Context, manager ctrl.Manager, health *Health, reviewer review.Reviewer) error {
	caches, err := startCaches(ctx, manager.GetCache())
	if err != nil {
		return fmt.Errorf("cannot cache Namespaces, Projects, PosixIdentities and the MPIJob CRD: %w", err)
	}
	go caches.logWaiting(ctx, manager.GetAPIReader())
	reader := manager.GetCache()
	lookups := Lookups{
		Namespaces: CachedNamespaces{Reader: reader, Label: reviewer.Cluster.ProjectLabel},
		Directory:  CachedDirectory{reader},
		Schema:     CachedSchema{reader},
	}
	digest := digestOf(reviewer)
	policyInfo.WithLabelValues(digest, reviewer.Version).Set(1)
	slog.Info("starting", "version", reviewer.Version, "clusterPolicy", digest)
	register := func(path string, handler admission.Handler, projectOf func(context.Context, string) string) {
		seen := observed{handler, webhookOf(path), reviewer.Version, digest, projectOf}
		manager.GetWebhookServer().Register(path, envelope{seen, path})
	}
	register(MutatePath, &Mutator{lookups, reviewer}, lookups.projectOf)
	register(ValidatePath, &Validator{lookups, reviewer}, nil)
	register(SessionsPath, &Sessions{lookups.Directory, manager.GetAPIReader(), reviewer.Cluster.Identity}, nil)
	health.Add("caches", caches.synced)
	health.Add("webhook", manager.GetWebhookServer().StartedChecker())
	return nil
}
