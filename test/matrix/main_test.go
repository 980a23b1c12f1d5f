// Package matrix runs jobs with each implementation of MPI, as each kind of user, in each kind of image, on a real
// node, and reads what their ranks print.
package matrix

import (
	"flag"
	"os"
	"testing"

	"github.com/runai-mpi/runai-mpi/test/internal/lab/images"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// all runs every cell. Otherwise, only the cells run that together cover every pair of dimensions.
var all = flag.Bool("all", false, "run every cell of the matrix")

// product is nil on machines that cannot run a node; all tests that need it skip there.
var product *suite.Product

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(suite.Run(m, &product, suite.Options{
		Node:     true,
		Parallel: 6,
		HelmArgs: []string{
			"--set", "policy.identity.sources={Directory}",
			"--set", "policy.gitSync.image=" + images.GitSyncStandIn,
			"--set", "policy.start.timeout=60s",
		},
	}))
}
