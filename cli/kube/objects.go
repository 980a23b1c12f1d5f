package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
)

// The resources that the command line writes.
var (
	MPIJobs = v2beta1.SchemeGroupVersion.WithResource("mpijobs")
	Claims  = corev1.SchemeGroupVersion.WithResource("persistentvolumeclaims")
	Secrets = corev1.SchemeGroupVersion.WithResource("secrets")
)

// StorageClasses are named by new claims.
var StorageClasses = storagev1.SchemeGroupVersion.WithResource("storageclasses")

// ResourceOf returns the resource of an object that the command line writes.
func ResourceOf(object *unstructured.Unstructured) schema.GroupVersionResource {
	switch object.GetKind() {
	case v2beta1.Kind:
		return MPIJobs
	case "Secret":
		return Secrets
	}
	return Claims
}

const cleanupTime = 10 * time.Second // for requests after an interruption

// finishing returns a context for a change that an interruption does not stop at once.
func finishing(ctx context.Context) (context.Context, context.CancelFunc) {
	kept, cancel := context.WithTimeout(context.WithoutCancel(ctx), retryTime+cleanupTime)
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(cleanupTime, cancel) })
	return kept, func() {
		stop()
		cancel()
	}
}

// ErrUnknown is the error of [Client.Create] if the object may have been created.
var ErrUnknown = errors.New("the creation may have succeeded")

// Create creates an object, or only validates it if dryRun is set, and returns the response of the API
// server, including fields that this program does not know. If the response is lost, it looks for the
// object, even after an interruption, so that without an error the object exists. It never reads a Secret: whoever
// may read one Secret of a namespace may read them all.
func (c *Client) Create(
	ctx context.Context, resource schema.GroupVersionResource, object *unstructured.Unstructured, dryRun bool,
) (*unstructured.Unstructured, error) {
	options := metav1.CreateOptions{FieldManager: c.manager}
	if dryRun {
		options.DryRun = []string{metav1.DryRunAll}
	}
	recorded, attempt := withAttempt(ctx)
	stored, err := c.dynamic.Resource(resource).Namespace(object.GetNamespace()).Create(recorded, object, options)
	switch {
	case err == nil || dryRun || !mayBeStored(err, attempt):
		return stored, err
	case resource != Secrets:
		return c.find(ctx, resource, object, lostCreation{err, attempt})
	case apierrors.IsAlreadyExists(err) && !attempt.lost.Load():
		return nil, err
	}
	return nil, fmt.Errorf("%w: %w", ErrUnknown, err)
}

// A lostCreation is a creation whose response was lost.
type lostCreation struct {
	err     error
	attempt *attempt
}

// find looks for an object that this run sent, after the response was lost.
func (c *Client) find(
	ctx context.Context, resource schema.GroupVersionResource, sent *unstructured.Unstructured, lost lostCreation,
) (*unstructured.Unstructured, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	var found *unstructured.Unstructured
	late := wait.Backoff{Duration: firstPause, Factor: 2, Steps: 6} // the request may not have arrived yet
	err := wait.ExponentialBackoffWithContext(ctx, late, func(ctx context.Context) (bool, error) {
		var err error
		found, err = c.dynamic.Resource(resource).Namespace(sent.GetNamespace()).Get(ctx, sent.GetName(), metav1.GetOptions{})
		if IsMissing(err) {
			return false, nil
		}
		return true, err
	})
	switch {
	case wait.Interrupted(err) && ctx.Err() == nil && !isUndecided(lost.err, lost.attempt):
		return nil, lost.err // the second try was refused
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrUnknown, lost.err)
	case !c.isOurs(found):
		return nil, apierrors.NewAlreadyExists(resource.GroupResource(), sent.GetName())
	}
	return found, nil
}

// isOurs reports whether this run created the object.
func (c *Client) isOurs(object *unstructured.Unstructured) bool {
	return slices.ContainsFunc(object.GetManagedFields(), func(entry metav1.ManagedFieldsEntry) bool {
		return entry.Manager == c.manager
	})
}

// Patch merges a patch into an object, but not into another object that has its name now.
func (c *Client) Patch(ctx context.Context, resource schema.GroupVersionResource, object metav1.Object, patch map[string]any) error {
	patch["metadata"] = map[string]any{"uid": object.GetUID()}
	text, err := json.Marshal(patch)
	if err != nil {
		return fmt.Errorf("cannot write the change: %w", err)
	}
	_, err = c.dynamic.Resource(resource).Namespace(object.GetNamespace()).
		Patch(ctx, object.GetName(), types.MergePatchType, text, metav1.PatchOptions{FieldManager: c.manager})
	return err
}

// Delete deletes an object, or only tries to if dryRun is set, even after an interruption, but not another object that
// has its name now. It returns no error if the object does not exist.
func (c *Client) Delete(ctx context.Context, resource schema.GroupVersionResource, object *unstructured.Unstructured, dryRun bool) error {
	ctx, cancel := finishing(ctx)
	defer cancel()
	propagation := metav1.DeletePropagationBackground
	options := metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(object.GetUID())), PropagationPolicy: &propagation}
	if dryRun {
		options.DryRun = []string{metav1.DryRunAll}
	}
	err := c.dynamic.Resource(resource).Namespace(object.GetNamespace()).Delete(ctx, object.GetName(), options)
	if IsMissing(err) {
		return nil
	}
	return err
}
