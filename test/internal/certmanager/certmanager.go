// Package certmanager runs cert-manager's own controllers in a control plane: CAs, self-signed certificates, and the
// CA bundles of webhook configurations.
package certmanager

import (
	"context"
	"fmt"
	"path/filepath"

	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/process"
)

// Start installs cert-manager's CRDs and runs its controllers until the control plane stops.
func Start(ctx context.Context, cluster *env.Env) (*process.Process, error) {
	set, err := binaries.Find(binaries.CertManager)
	if err != nil {
		return nil, err
	}
	source, err := binaries.Source(binaries.CertManager)
	if err != nil {
		return nil, err
	}
	crds := envtest.CRDInstallOptions{Paths: []string{filepath.Join(source, "deploy", "crds")}, ErrorIfPathMissing: true}
	if _, err := envtest.InstallCRDs(cluster.Config, crds); err != nil {
		return nil, fmt.Errorf("cannot install cert-manager's CRDs: %w", err)
	}
	return cluster.StartProcess(ctx, process.Command{
		Name: "cert-manager", Path: set[binaries.CertManager], Args: []string{"--kubeconfig=" + cluster.Kubeconfig()},
	})
}
