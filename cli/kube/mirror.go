package kube

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/cache"
)

// A mirror is a copy of the objects of one resource, which a reflector of the client library keeps up to date.
type mirror[T any] struct {
	cache.Store // of *entry[T]
	Health

	watch     *Watch
	resource  schema.GroupVersionResource
	namespace string
	selector  metav1.ListOptions
	complete  atomic.Bool // all objects have been read
}

// An entry is an object of a mirror: as its Go type, and as stored in the cluster.
type entry[T any] struct {
	*unstructured.Unstructured
	typed *T
}

func newMirror[T any](w *Watch, resource schema.GroupVersionResource, namespace string, selector metav1.ListOptions) *mirror[T] {
	return &mirror[T]{
		Store: cache.NewStore(cache.DeletionHandlingMetaNamespaceKeyFunc),
		watch: w, resource: resource, namespace: namespace, selector: selector,
	}
}

// reconnect is how soon a reflector tries again. The library's default would wait for up to a minute.
var reconnect = wait.Backoff{Duration: 200 * time.Millisecond, Factor: 2, Jitter: 0.5, Steps: 5, Cap: 3 * time.Second}

func (m *mirror[T]) run(ctx context.Context) {
	silent, backoff := logr.Discard(), reconnect
	requests := &cache.ListWatch{ListWithContextFunc: m.list, WatchFuncWithContext: m.start}
	reflector := cache.NewReflectorWithOptions(requests, &unstructured.Unstructured{}, m,
		cache.ReflectorOptions{Logger: &silent, Name: m.resource.Resource, Backoff: &backoff})
	reflector.RunWithContext(ctx)
}

func (m *mirror[T]) list(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
	if options.ResourceVersion == "0" {
		options.ResourceVersion = "" // the API server's cache may not have a new job yet
	}
	options.FieldSelector, options.LabelSelector = m.selector.FieldSelector, m.selector.LabelSelector
	list, err := m.client().List(ctx, options)
	m.report(ctx, err)
	if err != nil {
		return nil, err
	}
	return list, nil
}

func (m *mirror[T]) start(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
	options.FieldSelector, options.LabelSelector = m.selector.FieldSelector, m.selector.LabelSelector
	started, err := m.client().Watch(ctx, options)
	if options.SendInitialEvents != nil && (apierrors.IsInvalid(err) || apierrors.IsBadRequest(err)) {
		return nil, err // of an older API server: the reflector lists instead
	}
	m.report(ctx, err)
	if err != nil {
		return nil, err
	}
	return started, nil
}

func (m *mirror[T]) client() dynamic.ResourceInterface {
	return m.watch.client.dynamic.Resource(m.resource).Namespace(m.namespace)
}

// report records the result of a request, unless the watch has been stopped.
func (m *mirror[T]) report(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	changed, hopeless := m.Observe(err, time.Now())
	if hopeless {
		m.watch.fail(err)
	}
	if changed {
		m.watch.signal()
	}
}

// all returns the objects.
func (m *mirror[T]) all() []*T {
	list := m.List()
	typed := make([]*T, 0, len(list))
	for _, object := range list {
		typed = append(typed, object.(*entry[T]).typed)
	}
	return typed
}

// stored returns the objects as stored in the cluster, in the order of their names.
func (m *mirror[T]) stored() []*unstructured.Unstructured {
	keys := m.ListKeys()
	slices.Sort(keys)
	var stored []*unstructured.Unstructured
	for _, key := range keys {
		if object, present, _ := m.GetByKey(key); present { // it never fails
			stored = append(stored, object.(*entry[T]).Unstructured)
		}
	}
	return stored
}

// Add is called by the reflector.
func (m *mirror[T]) Add(object any) error { return m.change(m.Store.Add, object) }

// Update is called by the reflector.
func (m *mirror[T]) Update(object any) error { return m.change(m.Store.Update, object) }

// Delete is called by the reflector.
func (m *mirror[T]) Delete(object any) error {
	defer m.watch.signal()
	return m.Store.Delete(object)
}

// Replace is called by the reflector after it has read all objects.
func (m *mirror[T]) Replace(objects []any, version string) error {
	typed := make([]any, 0, len(objects))
	for _, object := range objects {
		decoded, err := m.decode(object)
		if err != nil {
			return err
		}
		typed = append(typed, decoded)
	}
	err := m.Store.Replace(typed, version)
	m.complete.Store(true)
	m.watch.signal()
	return err
}

func (m *mirror[T]) change(store func(any) error, object any) error {
	typed, err := m.decode(object)
	if err != nil {
		return err
	}
	defer m.watch.signal()
	return store(typed)
}

func (m *mirror[T]) decode(object any) (*entry[T], error) {
	decoded := entry[T]{object.(*unstructured.Unstructured), new(T)}
	if err := Decode(decoded.Unstructured, decoded.typed); err != nil {
		m.watch.fail(err)
		return nil, err
	}
	return &decoded, nil
}
