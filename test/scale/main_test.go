// Package scale runs jobs with thousands of workers on simulated nodes, with the real MPI Operator, and measures what
// they cost. It writes the figures on the page docs/scale.md.
package scale

import (
	"flag"
	"os"
	"testing"

	"github.com/runai-mpi/runai-mpi/test/internal/audit"
	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

var (
	most = flag.Int("workers", 32, "Run jobs of 256, 1024 and 4096 workers, up to this number; below 256: one of this number.")
	only = flag.String("rates", "", "Run only with these rates of the operator: default or raised. Default: with both.")
)

var product *suite.Product

func TestMain(m *testing.M) {
	os.Exit(suite.Run(m, &product, suite.Options{
		ControlPlane: env.Options{ControllerManager: true, Scheduler: true, WithoutOperator: true, AuditPolicy: audit.Policy},
		HelmArgs:     []string{"--set", "policy.identity.sources={Directory}"},
	}))
}
