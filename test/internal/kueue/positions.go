package kueue

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// servePositions makes the API server forward requests for the positions of jobs in queues to Kueue, which listens on
// loopback: its Service is only a name for that.
func (k *Kueue) servePositions(ctx context.Context, address string) error {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("cannot reach Kueue: %w", err)
	}
	number, err := strconv.ParseInt(port, 10, 32)
	if err != nil {
		return fmt.Errorf("cannot reach Kueue: %w", err)
	}
	var services []*unstructured.Unstructured
	name := ""
	for _, object := range k.manifests {
		if object.GetKind() != "APIService" {
			continue
		}
		service := object.DeepCopy()
		name, _, _ = unstructured.NestedString(service.Object, "spec", "service", "name")
		if err := unstructured.SetNestedField(service.Object, number, "spec", "service", "port"); err != nil {
			return fmt.Errorf("cannot read Kueue's APIService: %w", err)
		}
		services = append(services, service)
	}
	onLoopback := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: systemNamespace},
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "localhost"},
	}
	if err := k.client.Create(ctx, onLoopback); err != nil {
		return fmt.Errorf("cannot create Kueue's Service: %w", err)
	}
	for _, service := range services {
		if err := k.client.Create(ctx, service); err != nil {
			return fmt.Errorf("cannot create Kueue's APIService: %w", err)
		}
		k.apiServices = append(k.apiServices, service)
	}
	return k.awaitPositions(ctx)
}

// awaitPositions waits until the API server forwards requests.
func (k *Kueue) awaitPositions(ctx context.Context) error {
	return wait.PollUntilContextCancel(ctx, 100*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		for _, service := range k.apiServices {
			if err := k.client.Get(ctx, client.ObjectKeyFromObject(service), service); err != nil {
				return false, err
			}
			conditions, _, _ := unstructured.NestedSlice(service.Object, "status", "conditions")
			if len(conditions) == 0 || conditions[0].(map[string]any)["status"] != "True" {
				return false, nil
			}
		}
		return true, nil
	})
}

// removePositions removes what would make discovery fail without Kueue.
func (k *Kueue) removePositions(ctx context.Context) error {
	var errs []error
	for _, service := range k.apiServices {
		if err := client.IgnoreNotFound(k.client.Delete(ctx, service)); err != nil {
			errs = append(errs, fmt.Errorf("cannot remove Kueue's APIService: %w", err))
		}
	}
	return errors.Join(errs...)
}
