package server

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/pager"
)

// pageSize is the number of objects in a page of a list.
const pageSize = 1000

// newInformer returns an informer that lists in pages. An API server could also stream the objects, which costs the
// webhook twice the CPU time, and the API server more.
func newInformer(objects toolscache.ListerWatcher, of runtime.Object, resync time.Duration, indexers toolscache.Indexers) toolscache.SharedIndexInformer {
	pages := toolscache.ToListWatcherWithWatchListSemantics(inPages(toolscache.ToListerWatcherWithContext(objects)), unstreamed{})
	return toolscache.NewSharedIndexInformer(pages, of, resync, indexers)
}

// unstreamed is a client whose lists are not streamed.
type unstreamed struct{}

// IsWatchListSemanticsUnSupported is asked by reflectors.
func (unstreamed) IsWatchListSemanticsUnSupported() bool { return true }

// inPages lists in pages, and reduces each page before the next: a whole list, with what nobody reads, takes many times
// the memory of what is cached. A list is whole or an error.
//
// A reflector asks for a list that is at least as fresh as a resource version. An API server sends that in one piece, so
// this asks for the newest one. Its pages are of one resource version, from which the reflector watches on; if that
// expires before the last page, the reflector begins again.
func inPages(objects toolscache.ListerWatcherWithContext) *toolscache.ListWatch {
	return &toolscache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			options.ResourceVersion, options.ResourceVersionMatch, options.Limit = "", "", pageSize
			pages := pager.New(func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
				return reducedPage(ctx, objects, options)
			})
			pages.FullListIfExpired = false
			list, _, err := pages.ListWithAlloc(ctx, options)
			return list, err
		},
		WatchFuncWithContext: objects.WatchWithContext,
	}
}

func reducedPage(ctx context.Context, objects toolscache.ListerWithContext, options metav1.ListOptions) (runtime.Object, error) {
	page, err := objects.ListWithContext(ctx, options)
	if err != nil {
		return nil, err
	}
	return page, meta.EachListItem(page, func(object runtime.Object) error {
		_, err := dropUnread(object)
		return err
	})
}
