// Package e2e tests what the ranks of real jobs print, on a real node.
package e2e

import (
	"flag"
	"os"
	"testing"

	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/issuer"
	"github.com/runai-mpi/runai-mpi/test/internal/lab/images"
	"github.com/runai-mpi/runai-mpi/test/internal/saml"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// product is nil on machines that cannot run a node; all tests skip there.
var product *suite.Product

// broker is the issuer in the documented authentication, and chain leads to it from a SAML identity provider.
var (
	broker *issuer.Issuer
	chain  *saml.Chain
)

// raced is for the soak: the race detector takes much CPU and memory.
var raced = flag.Bool("raced", false, "Build the webhook's image with the race detector.")

// imageVariables are the variables of make push.
func imageVariables() []string {
	if !*raced {
		return nil
	}
	const static = `-tags netgo,osusergo -ldflags '-linkmode external -extldflags -static'` // the image has no C library
	return []string{"GO_BUILD=CGO_ENABLED=1 go build -race -trimpath -buildvcs=false " + static}
}

func TestMain(m *testing.M) {
	flag.Parse()
	skip := ""
	if !*recordStates {
		skip = "^TestStates$"
	}
	os.Exit(suite.Run(m, &product, suite.Options{
		Skip:           skip,
		Node:           true,
		Parallel:       4,
		ControlPlane:   env.Options{AuditPolicy: auditPolicy, ControllerAccounts: true},
		Authentication: startBroker,
		ImageVariables: imageVariables(),
		// A stand-in for the image of git-sync, timeouts that a test can wait for, Kueue's label for the queue, and the
		// policies that judge what controllers and the kubelet do. A port for profiles.
		HelmArgs: append(memory(), []string{
			"--set", "policy.gitSync.image=" + images.GitSyncStandIn,
			"--set", "policy.gitSync.timeout=30s",
			"--set", "policy.start.timeout=90s",
			"--set", "policy.scheduling.queueLabel=kueue.x-k8s.io/queue-name",
			"--set", "backstop.enabled=true",
			"--set", "webhook.pprofPort=" + pprofPort,
		}...),
	}))
}

// memory returns the arguments of helm with which the race detector has enough memory.
func memory() []string {
	if !*raced {
		return nil
	}
	return []string{"--set", "resources.limits.memory=1Gi"}
}

func startBroker() (authentication string, err error) {
	if broker, err = issuer.Start("k8s-hpc"); err != nil {
		return "", err
	}
	if chain, err = saml.NewChain(broker); err != nil {
		return "", err
	}
	return issuer.Authentication(broker)
}
