package suite

import (
	"context"
	"fmt"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/balancer"
	"github.com/runai-mpi/runai-mpi/test/internal/chart"
	"github.com/runai-mpi/runai-mpi/test/internal/install"
	"github.com/runai-mpi/runai-mpi/test/internal/process"
)

// StartReplica runs another replica of the webhook until the end of the test. With helmArgs, its cluster policy
// differs from the product's.
func (p *Product) StartReplica(t testing.TB, options install.ReplicaOptions, helmArgs ...string) *install.Replica {
	t.Helper()
	if len(helmArgs) > 0 {
		objects, err := chart.Render(t.Context(), helmArgs...)
		if err != nil {
			t.Fatal(err)
		}
		options.Objects = objects
	}
	replica, err := p.Product.StartReplica(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = replica.Stop() }) // the test may have killed it
	return replica
}

// Balance lets the API server call these replicas through a balancer until the end of the test, as it calls a
// Service: at an address that is not loopback. It waits until both webhooks of a creation in the namespace are
// called there.
func (p *Product) Balance(t testing.TB, namespace string, replicas ...*install.Replica) *balancer.Balancer {
	t.Helper()
	host, err := process.OwnAddress()
	if err != nil {
		t.Fatal(err)
	}
	b, err := balancer.Start(host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	b.SetBackends(install.Addresses(replicas...)...)
	if err := p.CallWebhookAt(t.Context(), b.Address()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.CallWebhookAt(context.WithoutCancel(t.Context()), p.WebhookAddress()); err != nil {
			t.Error(err)
		}
	})
	Eventually(t, "the API server calls the webhook through the balancer", Soon, func() error {
		before := b.Accepted()
		if err := p.Client.Create(t.Context(), mpijobtest.MakeMPIJob("probe", namespace).Obj(), client.DryRunAll); err != nil {
			return err
		}
		if calls := b.Accepted() - before; calls < 2 {
			return fmt.Errorf("%d calls for a creation", calls)
		}
		return nil
	})
	return b
}
