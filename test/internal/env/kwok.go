package env

import (
	"context"
	"path/filepath"

	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
	"github.com/runai-mpi/runai-mpi/test/internal/process"
)

// StartKwok starts kwok, which updates the status of simulated nodes and of their pods by some of its own stages. More
// flags say which nodes are simulated.
func (e *Env) StartKwok(ctx context.Context, stages []string, flags ...string) error {
	kwok, err := binaries.Find(binaries.Kwok)
	if err != nil {
		return err
	}
	source, err := binaries.Source(binaries.Kwok)
	if err != nil {
		return err
	}
	args := append([]string{
		"--kubeconfig=" + e.Kubeconfig(),
		"--node-lease-duration-seconds=40", // as a kubelet; without a lease, a node is soon not ready
	}, flags...)
	for _, stage := range stages {
		args = append(args, "--config="+filepath.Join(source, "kustomize/stage", stage))
	}
	_, err = e.StartProcess(ctx, process.Command{Name: "kwok", Path: kwok[binaries.Kwok], Args: args})
	return err
}
