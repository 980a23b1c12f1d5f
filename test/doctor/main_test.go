// Package doctor plants one defect after the other in a real control plane, and expects runai-webhook doctor to find it and
// nothing else.
package doctor

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
		HelmArgs: []string{
			"--set", "backstop.enabled=true",
			"--set", "policy.identity.sources={Claims,Directory}",
		},
	}))
}
