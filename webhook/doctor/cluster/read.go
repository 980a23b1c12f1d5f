// Package cluster reads what doctor judges. It changes nothing.
package cluster

import (
	"context"
	"fmt"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/pager"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/webhook/apiserver"
	"github.com/runai-mpi/runai-mpi/webhook/doctor"
)

const (
	// requestTime bounds each request, and readTime all of them.
	requestTime = 30 * time.Second
	readTime    = 5 * time.Minute
	// pageSize is how many objects are in memory as the API server sends them.
	pageSize = 500
)

// Options say how the cluster is read.
type Options struct {
	// Policy replaces the cluster policy of the webhook's Deployment.
	Policy *config.ClusterPolicy
	// PolicyFile is the file that it comes from.
	PolicyFile string
	// Administrators are trusted users and groups.
	Administrators []string
	// Configurations is the name of both webhook configurations that judge jobs.
	Configurations string
	// Service replaces the address at which the API server calls the webhook, as host:port.
	Service string
	// Backstop says in which form the backstop is looked for.
	Backstop Backstop
	// Outside is set outside of the cluster, where nobody reaches a Service.
	Outside bool
}

// A Backstop is a form of the backstop, or how it is found out.
type Backstop string

// The forms. Auto looks for objects, and then tries a pod, by a dry run.
const (
	BackstopAuto    Backstop = "auto"
	BackstopObjects Backstop = "objects"
	BackstopFiles   Backstop = "files"
)

// Read reads a cluster. It returns an error if the API server does not answer. What may not be read is in Unread.
func Read(ctx context.Context, connection *rest.Config, options Options) (*doctor.Snapshot, error) {
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	connection = rest.CopyConfig(connection)
	connection.Timeout, connection.QPS, connection.WarningHandler = requestTime, -1, rest.NoWarnings{}
	reader, err := newReader(connection)
	if err != nil {
		return nil, fmt.Errorf("cannot make a client: %w", apiserver.Explain(err))
	}
	snapshot := &doctor.Snapshot{
		Now: time.Now(), Administrators: options.Administrators, Configurations: options.Configurations, Unread: map[doctor.Source]string{},
		AssumeFiles: options.Backstop == BackstopFiles, AnonymousJobs: map[string][]string{}, AnonymousPods: map[string][]string{},
	}
	reader.into = snapshot
	if err := reader.readAll(ctx); err != nil {
		return nil, apiserver.Explain(err)
	}
	if err := choosePolicy(snapshot, reader.found, options); err != nil {
		return nil, err
	}
	callWebhook(ctx, snapshot, options)
	if options.Backstop == BackstopAuto {
		reader.tryPod(ctx)
	}
	return snapshot, nil
}

// A reader reads one source after the other into a snapshot.
type reader struct {
	client client.Client
	into   *doctor.Snapshot
	found  []foundPolicy
}

func newReader(connection *rest.Config) (*reader, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		clientgoscheme.AddToScheme, apiextensionsv1.AddToScheme, v2beta1.AddToScheme, v1alpha1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	made, err := client.New(connection, client.Options{Scheme: scheme})
	if err != nil {
		return nil, err
	}
	return &reader{client: made}, nil
}

// each lists a source in pages, and calls keep with each object, without what nobody needs. It returns an error if
// the API server does not answer. A resource that the cluster does not serve has no objects.
func each[T client.Object](ctx context.Context, r *reader, source doctor.Source, list client.ObjectList, keep func(T), where ...client.ListOption) error {
	pages := pager.New(pager.SimplePageFunc(func(options metav1.ListOptions) (runtime.Object, error) {
		page := list.DeepCopyObject().(client.ObjectList)
		return page, r.client.List(ctx, page, append(where, &client.ListOptions{Limit: options.Limit, Continue: options.Continue})...)
	}))
	pages.PageSize, pages.PageBufferSize = pageSize, 0
	err := pages.EachListItem(ctx, metav1.ListOptions{}, func(object runtime.Object) error {
		item := object.(T)
		item.SetManagedFields(nil)
		delete(item.GetAnnotations(), corev1.LastAppliedConfigAnnotation)
		keep(item)
		return nil
	})
	switch {
	case err == nil, meta.IsNoMatchError(err), apierrors.IsNotFound(err):
		return nil
	case apierrors.IsForbidden(err):
		r.into.Unread[source] = doctor.Forbidden
		return nil
	case apiserver.IsUnanswered(err), ctx.Err() != nil:
		return err
	}
	r.into.Unread[source] = fmt.Sprintf("cannot list %s: %s", source, err)
	return nil
}
