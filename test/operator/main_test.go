// Package operator runs mpi-operator's own e2e tests on a real node, in namespaces of a project: what ran without
// the webhook runs with it.
package operator

import (
	"os"
	"testing"

	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/operatortests"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// product is nil on machines that cannot run a node; all tests skip there.
var product *suite.Product

func TestMain(m *testing.M) {
	os.Exit(suite.Run(m, &product, suite.Options{
		Node:         true,
		ControlPlane: env.Options{WithoutOperator: true, AuditPolicy: operatortests.AuditPolicy},
	}))
}
