// Package replicas tests what users see while replicas of the webhook start, stop, hang and die: the API server
// calls them through a balancer, as it calls a Service.
package replicas

import (
	"os"
	"testing"

	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

var product *suite.Product

func TestMain(m *testing.M) {
	os.Exit(suite.Run(m, &product, suite.Options{ControlPlane: env.Options{WithoutOperator: true}}))
}
