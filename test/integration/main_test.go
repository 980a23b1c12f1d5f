// Package integration tests what the product promises, on a real API server with the real MPI Operator: the
// pods of a job, and what the commands print.
package integration

import (
	"os"
	"testing"

	"github.com/runai-mpi/runai-mpi/test/internal/audit"
	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

var product *suite.Product

func TestMain(m *testing.M) {
	os.Exit(suite.Run(m, &product, suite.Options{ControlPlane: env.Options{
		ControllerManager: true, Scheduler: true, AuditPolicy: audit.Policy,
	}}))
}
