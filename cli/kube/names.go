package kube

import (
	"context"
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/pager"
)

const (
	namesInPage = 5000
	pagesAtMost = 3
)

// tableOf asks for a table of cells, which is the smallest form of a list: metadata has managed fields.
const tableOf = "application/json;as=Table;v=v1;g=meta.k8s.io"

// ErrTooMany is the error of [Client.Names] if a namespace has more objects than it reads.
var ErrTooMany = fmt.Errorf("more than %d objects", namesInPage*pagesAtMost)

// Names returns the names of all objects in a namespace, in at most three pages of names alone.
func (c *Client) Names(ctx context.Context, resource schema.GroupVersionResource, namespace string) ([]string, error) {
	pages := 0
	page := func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		if pages++; pages > pagesAtMost {
			return nil, ErrTooMany
		}
		return c.namesPage(ctx, resource, namespace, options)
	}
	names := pager.ListPager{PageSize: namesInPage, PageFn: page} // no full list if a page expires: it has no bound
	list, _, err := names.List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	return namesOf(list)
}

// namesPage returns a page of objects that have nothing but a name.
func (c *Client) namesPage(
	ctx context.Context, resource schema.GroupVersionResource, namespace string, options metav1.ListOptions,
) (*metav1.PartialObjectMetadataList, error) {
	result := c.core.Get().AbsPath(pathOf(resource.GroupVersion())).NamespaceIfScoped(namespace, namespace != "").
		Resource(resource.Resource).SpecificallyVersionedParams(&options, metav1.ParameterCodec, metav1.SchemeGroupVersion).
		Param("includeObject", string(metav1.IncludeNone)).SetHeader("Accept", tableOf).Do(ctx)
	if err := result.Error(); err != nil { // that of Raw does not have the API server's reason
		return nil, err
	}
	text, err := result.Raw()
	if err != nil {
		return nil, err
	}
	var table metav1.Table
	if err := json.Unmarshal(text, &table); err != nil {
		return nil, fmt.Errorf("cannot read the names of %s: %w", resource.Resource, err)
	}
	page := &metav1.PartialObjectMetadataList{ListMeta: table.ListMeta}
	for _, row := range table.Rows {
		if name, isText := firstOf(row.Cells).(string); isText { // the first column of every table is the name
			page.Items = append(page.Items, metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Name: name}})
		}
	}
	return page, nil
}

// namesOf returns the names of the objects in a list.
func namesOf(list runtime.Object) (names []string, err error) {
	err = meta.EachListItem(list, func(item runtime.Object) error {
		object, err := meta.Accessor(item)
		if err == nil {
			names = append(names, object.GetName())
		}
		return err
	})
	return names, err
}

func firstOf(cells []any) any {
	if len(cells) == 0 {
		return nil
	}
	return cells[0]
}

func pathOf(version schema.GroupVersion) string {
	if version.Group == "" {
		return "/api/" + version.Version
	}
	return "/apis/" + version.String()
}
