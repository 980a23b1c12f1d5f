// Package logins loads what the pages about identity show into a real API server, and sends it tokens as each vendor
// makes them.
package logins

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/runai-mpi/runai-mpi/test/internal/env"
)

const (
	root    = "../../"
	samples = "config/samples/"
)

var cluster *env.Env

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) (code int) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	if err := start(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if err := cluster.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}()
	if err := waitForIssuers(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

func start(ctx context.Context) (err error) {
	authentication, err := allVendors()
	if err != nil {
		return err
	}
	cluster, err = env.Start(ctx, env.Options{
		WithoutOperator: true, Authentication: authentication,
		CRDPaths: []string{filepath.Join(root, "charts/runai-mpi/crds"), "testdata/openshift-authentication-crd.yaml"},
	})
	return err
}

// waitForIssuers waits until the API server has the keys of all issuers, which it fetches after it has started.
func waitForIssuers(ctx context.Context) error {
	for _, vendor := range append(naive, vendors...) {
		err := wait.PollUntilContextCancel(ctx, 100*time.Millisecond, true, func(ctx context.Context) (bool, error) {
			_, err := vendor.user(ctx, vendor.anybody())
			if apierrors.IsUnauthorized(err) {
				return false, nil
			}
			return true, err
		})
		if err != nil {
			return fmt.Errorf("the API server does not accept tokens for %s: %w", vendor.sample, err)
		}
	}
	return nil
}
