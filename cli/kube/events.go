package kube

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/pager"
)

var events = corev1.SchemeGroupVersion.WithResource("events")

// mostEvents bounds how many events of a namespace are read. The API server cannot select those of a job with all its
// pods, and keeps events for an hour.
const mostEvents = 10_000

// Events returns the events of a namespace. If there are too many, it returns the first ones and an error.
func (c *Client) Events(ctx context.Context, namespace string) ([]corev1.Event, error) {
	pages := pager.New(func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		return c.dynamic.Resource(events).Namespace(namespace).List(ctx, options)
	})
	pages.FullListIfExpired = false // it would have no bound
	var found []corev1.Event
	err := pages.EachListItem(ctx, metav1.ListOptions{}, func(item runtime.Object) error {
		object, isObject := item.(*unstructured.Unstructured)
		if !isObject {
			return errors.New("the API server did not return events")
		}
		if len(found) == mostEvents {
			return fmt.Errorf("namespace %s has more than %d events, and only that many were read", namespace, mostEvents)
		}
		var event corev1.Event
		if err := Decode(object, &event); err != nil {
			return err
		}
		found = append(found, event)
		return nil
	})
	return found, err
}
