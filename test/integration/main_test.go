// Package integration holds the product to what it promises, on a real API server with the real MPI
// Operator: what is asserted are the Pods that come of a job.
package integration

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/install"
)

// product is installed once for all tests; each test has a project of its own.
var product *install.Product

func TestMain(m *testing.M) {
	os.Exit(env.Main(env.Options{ControllerManager: true, Scheduler: true}, func(cluster *env.Env) (int, error) {
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
		defer cancel()
		programs, err := install.Build(ctx, cluster.Dir)
		if err != nil {
			return 1, err
		}
		if product, err = install.Install(ctx, cluster, programs); err != nil {
			return 1, err
		}
		return m.Run(), nil
	}))
}
