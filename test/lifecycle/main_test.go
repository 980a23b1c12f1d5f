// Package lifecycle installs, upgrades, rolls back and uninstalls the product on a real node, by the commands of the
// pages in docs, as pasted. Each test begins and ends with a cluster in which nothing of it is installed.
package lifecycle

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

var (
	all  = flag.Bool("all", false, "run every test, with the image of the older release built from its commit")
	page = flag.String("page", "", "write what the tests show to this page")
)

// product is nil on machines that cannot run a node; all tests skip there.
var product *suite.Product

func TestMain(m *testing.M) {
	flag.Parse()
	skip := ""
	if !*all {
		skip = "^(TestWithoutCertManager|TestWrongPolicy)$"
	}
	code := suite.Run(m, &product, suite.Options{
		Skip: skip, Node: true, Uninstalled: true, ControlPlane: env.Options{WithoutOperator: true},
	})
	if code == 0 && *page != "" {
		if err := writePage(*page); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}
