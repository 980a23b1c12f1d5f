// Package bench holds the product to its size and its speed where there are thousands of projects and
// users.
package bench

import (
	"os"
	"testing"

	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

var product *suite.Product

func TestMain(m *testing.M) {
	os.Exit(suite.Run(m, &product, suite.Options{
		ControlPlane: env.Options{WithoutOperator: true},
		HelmArgs:     []string{"--set", "policy.identity.sources={Claims,Directory}"},
	}))
}
