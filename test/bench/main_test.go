// Package bench limits the memory of the webhook with thousands of projects and users, and measures its speed.
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
