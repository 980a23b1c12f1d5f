// Package bench holds the product to its size and its speed where there are thousands of projects and
// users.
package bench

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/install"
)

var product *install.Product

func TestMain(m *testing.M) {
	os.Exit(env.Main(env.Options{WithoutOperator: true}, func(cluster *env.Env) (int, error) {
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
		defer cancel()
		ctrl.SetLogger(logr.Discard()) // it would complain that nobody set it
		programs, err := install.Build(ctx, cluster.Dir)
		if err != nil {
			return 1, err
		}
		if product, err = install.Install(ctx, cluster, programs, "--set", "policy.identity.sources={Claims,Directory}"); err != nil {
			return 1, err
		}
		return m.Run(), nil
	}))
}
