// Package bench measures the webhook: its latency and CPU next to what it is compared with, its memory with thousands of
// projects and users, and what a submission costs. Figures must be in the ranges of ranges.yaml.
package bench

import (
	"os"
	"testing"

	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/issuer"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

var product *suite.Product

// broker signs the tokens of researchers.
var broker *issuer.Issuer

func TestMain(m *testing.M) {
	os.Exit(suite.Run(m, &product, suite.Options{
		ControlPlane:   env.Options{WithoutOperator: true},
		Authentication: startBroker,
		HelmArgs:       []string{"--set", "policy.identity.sources={Claims,Directory}"},
	}))
}

func startBroker() (authentication string, err error) {
	if broker, err = issuer.Start("k8s-hpc"); err != nil {
		return "", err
	}
	return issuer.Authentication(broker)
}
