// Package integration holds the product to what it promises, on a real API server with the real MPI
// Operator: what is asserted are the Pods that come of a job.
package integration

import (
	"os"
	"testing"

	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

var product *suite.Product

func TestMain(m *testing.M) {
	os.Exit(suite.Run(m, &product, suite.Options{ControlPlane: env.Options{ControllerManager: true, Scheduler: true}}))
}
