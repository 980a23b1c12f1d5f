package server

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	toolscache "k8s.io/client-go/tools/cache"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

// A pagedServer has three pages of one object each, and cannot stream them.
type pagedServer struct {
	fail     func(asked int) error // returns the error of the nth list, from 1
	asked    []metav1.ListOptions
	watched  chan string // the resource versions from which it is watched
	early    func() bool // reports whether the informer knows something, though pages are missing
	wasEarly atomic.Bool
}

func (s *pagedServer) list(_ context.Context, options metav1.ListOptions) (runtime.Object, error) {
	s.asked = append(s.asked, options)
	if s.early != nil && s.early() {
		s.wasEarly.Store(true)
	}
	if err := s.fail(len(s.asked)); err != nil {
		return nil, err
	}
	page := 1
	if options.Continue != "" {
		if _, err := fmt.Sscan(options.Continue, &page); err != nil {
			return nil, err
		}
	}
	list := &v1alpha1.PosixIdentityList{ListMeta: metav1.ListMeta{ResourceVersion: "7"}}
	if page < 3 {
		list.Continue = fmt.Sprint(page + 1)
	}
	object := v1alpha1.PosixIdentity{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint("user", page), ResourceVersion: fmt.Sprint(page)}}
	object.Annotations = map[string]string{corev1.LastAppliedConfigAnnotation: "{}"}
	list.Items = append(list.Items, object)
	return list, nil
}

func (s *pagedServer) watch(_ context.Context, options metav1.ListOptions) (watch.Interface, error) {
	if options.SendInitialEvents != nil {
		return nil, apierrors.NewInvalid(v1alpha1.GroupVersion.WithKind("PosixIdentity").GroupKind(), "", nil)
	}
	s.watched <- options.ResourceVersion
	return watch.NewFake(), nil
}

func noFailure(int) error { return nil }

// An informer asks for small pages of the newest state, and knows nothing before it has all of them.
func TestInformersListInPages(t *testing.T) {
	expired := apierrors.NewResourceExpired("the continue token is too old")
	unavailable := &apierrors.StatusError{ErrStatus: metav1.Status{Code: http.StatusServiceUnavailable, Reason: metav1.StatusReasonServiceUnavailable}}
	first, second, third := page(""), page("2"), page("3")
	for _, test := range []struct {
		name string
		fail func(asked int) error
		want []metav1.ListOptions
	}{
		{"all pages", noFailure, []metav1.ListOptions{first, second, third}},
		{"the last page expires", failing(3, expired), []metav1.ListOptions{first, second, third, first, second, third}},
		{"a page fails", failing(2, unavailable), []metav1.ListOptions{first, second, first, second, third}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			served := &pagedServer{fail: test.fail, watched: make(chan string, 1)}
			informer := newInformer(&toolscache.ListWatch{ListWithContextFunc: served.list, WatchFuncWithContext: served.watch},
				&v1alpha1.PosixIdentity{}, time.Hour, toolscache.Indexers{})
			served.early = func() bool { return informer.HasSynced() || len(informer.GetStore().ListKeys()) > 0 }
			go informer.RunWithContext(t.Context())
			if from := <-served.watched; from != "7" {
				t.Errorf("watches from resource version %q", from)
			}
			if !toolscache.WaitForCacheSync(t.Context().Done(), informer.HasSynced) || len(informer.GetStore().ListKeys()) != 3 {
				t.Errorf("knows %v", informer.GetStore().ListKeys())
			}
			if served.wasEarly.Load() {
				t.Error("something was known before the last page")
			}
			if diff := cmp.Diff(test.want, served.asked); diff != "" {
				t.Errorf("asked for (-want +got):\n%s", diff)
			}
		})
	}
}

func page(token string) metav1.ListOptions {
	return metav1.ListOptions{Limit: pageSize, Continue: token}
}

func failing(asked int, with error) func(int) error {
	return func(n int) error {
		if n == asked {
			return with
		}
		return nil
	}
}

// A list is reduced page by page, also one that must be as fresh as a resource version.
func TestPagesAreReduced(t *testing.T) {
	served := &pagedServer{fail: noFailure}
	objects := &toolscache.ListWatch{ListWithContextFunc: served.list}
	list, err := inPages(objects).ListWithContext(t.Context(), metav1.ListOptions{ResourceVersion: "5"})
	if err != nil {
		t.Fatal(err)
	}
	if err := meta.EachListItem(list, func(object runtime.Object) error {
		if annotations := object.(*v1alpha1.PosixIdentity).Annotations; annotations != nil {
			return fmt.Errorf("the annotations %v are kept", annotations)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]metav1.ListOptions{page(""), page("2"), page("3")}, served.asked); diff != "" {
		t.Errorf("asked for (-want +got):\n%s", diff)
	}
}
