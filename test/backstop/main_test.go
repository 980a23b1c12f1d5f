// Package backstop tries to run as a colleague through every kind that makes pods, in a cluster whose controllers act as
// their own service accounts: with the policies as objects, and as files of the API server.
package backstop

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/runai-mpi/runai-mpi/test/internal/apiserverfiles"
	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/issuer"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

var (
	product *suite.Product
	broker  *issuer.Issuer
	files   *apiserverfiles.Files
)

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	dir, err := os.MkdirTemp("", "runai-mpi-backstop-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	if files, err = apiserverfiles.New(dir); err != nil {
		return 0, err
	}
	jobset, err := binaries.Dependency(binaries.Kueue, "sigs.k8s.io/jobset")
	if err != nil {
		return 0, err
	}
	return suite.Run(m, &product, suite.Options{
		ControlPlane: env.Options{
			AllControllers: true, ControllerAccounts: true, Admission: files.Admission,
			CRDPaths: []string{filepath.Join(jobset, "config", "components", "crd", "bases")},
		},
		Authentication: func() (authentication string, err error) {
			if broker, err = issuer.Start("k8s-hpc"); err != nil {
				return "", err
			}
			return issuer.Authentication(broker)
		},
		HelmArgs: []string{
			"--set", "backstop.enabled=true",
			"--set", "policy.scheduling.queueLabel=kueue.x-k8s.io/queue-name",
		},
	}), nil
}
