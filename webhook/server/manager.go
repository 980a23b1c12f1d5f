package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/selection"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/webhook/review"
)

// logInterval is the time between lines of a replica that waits.
const logInterval = 5 * time.Second

// MutatePath is the URL path of the mutating webhook.
const MutatePath = "/mutate"

// Scheme returns a scheme with the types that the webhook caches. Namespaces are cached as metadata and
// need no type.
func Scheme() *runtime.Scheme {
	scheme := runtime.NewScheme()
	if err := errors.Join(v1alpha1.AddToScheme(scheme), apiextensionsv1.AddToScheme(scheme)); err != nil {
		panic(err) // two types of the same name: no input can cause it
	}
	return scheme
}

// Mapper returns the resources of what the webhook caches, without asking an API server, which may not answer yet.
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
		ByObject: map[client.Object]cache.ByObject{
			NamespaceMetadata():       {Label: labels.NewSelector().Add(*labelled), UnsafeDisableDeepCopy: &uncopied},
			&v1alpha1.Project{}:       {UnsafeDisableDeepCopy: &uncopied},
			&v1alpha1.PosixIdentity{}: {UnsafeDisableDeepCopy: &uncopied},
			&apiextensionsv1.CustomResourceDefinition{}: {
				UnsafeDisableDeepCopy: &uncopied, Transform: reduceCRD, Field: fields.OneTermEqualSelector(metav1.ObjectNameField, MPIJobCRD),
			},
		},
	}
}

// AddToManager adds both webhooks and their health checks to a manager. A replica is ready when it serves
// TLS and its caches are synced.
func AddToManager(ctx context.Context, manager ctrl.Manager, reviewer review.Reviewer) error {
	synced, err := startCaches(ctx, manager.GetCache())
	if err != nil {
		return fmt.Errorf("cannot cache Namespaces, Projects, PosixIdentities and the MPIJob CRD: %w", err)
	}
	go logWaiting(ctx, synced)
	reader := manager.GetCache()
	lookups := Lookups{
		Namespaces: CachedNamespaces{Reader: reader, Label: reviewer.Cluster.ProjectLabel},
		Directory:  CachedDirectory{reader},
		Schema:     CachedSchema{reader},
	}
	manager.GetWebhookServer().Register(MutatePath, &admission.Webhook{Handler: &Mutator{lookups, reviewer}})
	manager.GetWebhookServer().Register(ValidatePath, &admission.Webhook{Handler: &Validator{lookups, reviewer}})
	return errors.Join(
		manager.AddHealthzCheck("ping", healthz.Ping),
		manager.AddReadyzCheck("caches", synced),
		manager.AddReadyzCheck("webhook", manager.GetWebhookServer().StartedChecker()),
	)
}

// startCaches creates the informers before the first request needs them.
func startCaches(ctx context.Context, informers cache.Cache) (healthz.Checker, error) {
	var all []cache.Informer
	if err := informers.IndexField(ctx, &v1alpha1.PosixIdentity{}, subjectField, subjectOf); err != nil {
		return nil, err
	}
	for _, object := range []client.Object{NamespaceMetadata(), &v1alpha1.Project{}, &v1alpha1.PosixIdentity{}, &apiextensionsv1.CustomResourceDefinition{}} {
		informer, err := informers.GetInformer(ctx, object, cache.BlockUntilSynced(false))
		if err != nil {
			return nil, err
		}
		all = append(all, informer)
	}
	return func(*http.Request) error {
		for _, informer := range all {
			if !informer.HasSynced() {
				return errors.New("caches are not synced")
			}
		}
		return nil
	}, nil
}

// logWaiting logs why a replica is not ready, until the API server has answered. The informers try again silently.
func logWaiting(ctx context.Context, synced healthz.Checker) {
	for synced(nil) != nil {
		select {
		case <-ctx.Done():
			return
		case <-time.After(logInterval):
			if synced(nil) != nil {
				ctrl.Log.Info("waiting for the API server, which has not sent all Namespaces, Projects, PosixIdentities and the MPIJob CRD")
			}
		}
	}
}
