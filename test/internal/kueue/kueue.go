package kueue

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
	"github.com/runai-mpi/runai-mpi/test/internal/chart"
	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/process"
)

// User is the name of the user that Kueue changes jobs as.
const User = "system:serviceaccount:" + systemNamespace + ":" + serviceAccount

const (
	systemNamespace = "kueue-system"
	serviceAccount  = "kueue-controller-manager"
)

// A Kueue manages the jobs of one namespace.
type Kueue struct {
	*process.Process

	cluster     *env.Env
	client      client.Client
	namespace   string
	manifests   chart.Objects
	hooks       envtest.WebhookInstallOptions
	apiServices []*unstructured.Unstructured // the APIServices
}

// Start installs Kueue for the jobs of a namespace and returns when it is ready for them.
func Start(ctx context.Context, cluster *env.Env, namespace string) (*Kueue, error) {
	set, err := binaries.Find(binaries.Kueue)
	if err != nil {
		return nil, err
	}
	k := &Kueue{cluster: cluster, namespace: namespace}
	if k.client, err = client.New(cluster.Config, client.Options{}); err != nil {
		return nil, fmt.Errorf("cannot make a client for Kueue: %w", err)
	}
	if k.manifests, err = render(ctx, cluster); err != nil {
		return nil, err
	}
	if err := k.prepareWebhooks(); err != nil {
		return nil, err
	}
	if err := k.apply(ctx); err != nil {
		return nil, err
	}
	positions, err := process.FreeAddress()
	if err != nil {
		return nil, err
	}
	if err := k.run(ctx, set[binaries.Kueue], positions); err != nil {
		return nil, err
	}
	if err := k.servePositions(ctx, positions); err != nil {
		return nil, errors.Join(err, k.Process.Stop())
	}
	if err := k.hooks.Install(cluster.Config); err != nil { // only now does a process answer them
		return nil, fmt.Errorf("cannot configure Kueue's webhooks: %w", err)
	}
	return k, nil
}

// Stop removes the webhooks and the APIServices of Kueue, and stops it.
func (k *Kueue) Stop(ctx context.Context) error {
	return errors.Join(k.removeWebhooks(ctx), k.removePositions(ctx), k.Process.Stop())
}
