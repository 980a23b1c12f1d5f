// Package cluster applies the decisions of package directory to a cluster.
package cluster

import (
	"context"
	"fmt"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"golang.org/x/sync/errgroup"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/webhook/apiserver"
	"github.com/runai-mpi/runai-mpi/webhook/directory"
)

const (
	// fieldManager owns the fields that a directory writes.
	fieldManager = "runai-directory"
	// concurrent is the number of requests at a time.
	concurrent  = 16
	requestTime = 30 * time.Second
)

// A Cluster has PosixIdentities.
type Cluster struct{ client client.Client }

// New returns the cluster of a configuration.
func New(config *rest.Config) (*Cluster, error) {
	config = rest.CopyConfig(config)
	config.Timeout, config.QPS = requestTime, -1 // the number of requests at a time is the limit
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{v1alpha1.AddToScheme, coordinationv1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	made, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("cannot make a client: %w", apiserver.Explain(err))
	}
	return &Cluster{client.WithFieldOwner(made, fieldManager)}, nil
}

// List returns all PosixIdentities.
func (c *Cluster) List(ctx context.Context) ([]v1alpha1.PosixIdentity, error) {
	var list v1alpha1.PosixIdentityList
	if err := c.client.List(ctx, &list); err != nil {
		return nil, fmt.Errorf("cannot list PosixIdentities: %w", apiserver.Explain(err))
	}
	return list.Items, nil
}

// Apply carries out actions, and returns the errors of those that failed. Each changes a PosixIdentity only if nobody
// else has changed it since it was listed.
func (c *Cluster) Apply(ctx context.Context, actions []directory.Action) (failed []error) {
	var group errgroup.Group
	var lock sync.Mutex
	group.SetLimit(concurrent)
	for _, action := range actions {
		group.Go(func() error {
			if err := c.apply(ctx, action); err != nil {
				lock.Lock()
				defer lock.Unlock()
				failed = append(failed, fmt.Errorf("cannot %s: %w", action, apiserver.Explain(err)))
			}
			return nil
		})
	}
	_ = group.Wait() // no function returns an error
	return failed
}

func (c *Cluster) apply(ctx context.Context, action directory.Action) error {
	if action.Before == nil {
		return c.client.Create(ctx, action.After.DeepCopy())
	}
	// rule T64 in test/integration TestDirectorySyncConflicts: an identity that an administrator has just taken over
	// without: patch := client.MergeFrom(action.Before)
	patch := client.MergeFromWithOptions(action.Before, client.MergeFromWithOptimisticLock{})
	return c.client.Patch(ctx, action.After.DeepCopy(), patch)
}

// ResultAnnotation of the Lease of a directory says what the last complete run did.
const ResultAnnotation = "policy.run.ai/result"

// Beat writes into a Lease that a run was complete.
func (c *Cluster) Beat(ctx context.Context, lease client.ObjectKey, holder, result string, now time.Time, staleAfter time.Duration) error {
	seconds, renewed := int32(staleAfter.Seconds()), metav1.NewMicroTime(now)
	beat := &coordinationv1.Lease{
		TypeMeta: metav1.TypeMeta{APIVersion: coordinationv1.SchemeGroupVersion.String(), Kind: "Lease"},
		ObjectMeta: metav1.ObjectMeta{
			Namespace: lease.Namespace, Name: lease.Name, Annotations: map[string]string{ResultAnnotation: result},
		},
		Spec: coordinationv1.LeaseSpec{HolderIdentity: &holder, LeaseDurationSeconds: &seconds, RenewTime: &renewed},
	}
	// Only the fields of beat are patched. It is created if it does not exist.
	//nolint:staticcheck // generated apply configurations would say the same in more lines
	if err := c.client.Patch(ctx, beat, client.Apply, client.ForceOwnership); err != nil {
		return fmt.Errorf("cannot write the Lease %s: %w", lease, apiserver.Explain(err))
	}
	return nil
}
