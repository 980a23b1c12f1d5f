// Package e2e holds the product to what the ranks of real jobs say, on a real node.
package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/install"
	"github.com/runai-mpi/runai-mpi/test/internal/issuer"
	"github.com/runai-mpi/runai-mpi/test/internal/lab"
	"github.com/runai-mpi/runai-mpi/test/internal/lab/images"
)

// product is installed once for all tests; each test has a project of its own.
var product *install.Product

// policy is what the tests change of the default: the image that stands in for git-sync's own, times that
// a test can wait for, and Kueue's label for the project's queue.
var policy = []string{
	"--set", "policy.gitSync.image=" + images.GitSyncStandIn, "--set", "policy.gitSync.timeout=30s", "--set", "policy.start.timeout=90s",
	"--set", "policy.scheduling.queueLabel=kueue.x-k8s.io/queue-name",
}

// broker is the issuer of the documented authentication.
var broker *issuer.Issuer

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "runai-mpi-e2e-")
	if err == nil {
		defer os.RemoveAll(dir)
		broker, err = issuer.Start("k8s-hpc")
	}
	authentication := filepath.Join(dir, "authentication.yaml")
	if err == nil {
		defer broker.Stop()
		err = issuer.Authentication(authentication, broker)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	options := lab.Options{GPUNodes: true, Env: env.Options{
		AuditPolicy: changesOfJobs, APIServerFlags: map[string]string{"authentication-config": authentication},
	}}
	return lab.Main(options, func(l *lab.Lab) (int, error) { return test(m, l) })
}

func test(m *testing.M, l *lab.Lab) (int, error) {
	if l == nil {
		return m.Run(), nil // each test skips
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	programs, err := install.Build(ctx, l.Dir)
	if err != nil {
		return 1, err
	}
	if product, err = install.Install(ctx, l.Env, programs, policy...); err != nil {
		return 1, err
	}
	return m.Run(), nil
}
