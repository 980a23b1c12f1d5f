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
