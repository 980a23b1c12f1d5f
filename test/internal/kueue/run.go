package kueue

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/runai-mpi/runai-mpi/test/internal/process"
)

// configuration opens ports only on loopback, and manages only the MPIJobs in the namespace that name a queue.
const configuration = `
apiVersion: config.kueue.x-k8s.io/v1beta2
kind: Configuration
health: {healthProbeBindAddress: %s}
metrics: {bindAddress: "0"}
webhook: {host: %s, port: %d, certDir: %s}
visibilityServer: {bindAddress: %s, bindPort: %s}
leaderElection: {leaderElect: false}
internalCertManagement: {enable: false}
manageJobsWithoutQueueName: false
managedJobsNamespaceSelector: {matchLabels: {kubernetes.io/metadata.name: %s}}
integrations: {frameworks: [kubeflow.org/mpijob]}
`

func (k *Kueue) run(ctx context.Context, path, positions string) error {
	health, err := process.FreeAddress()
	if err != nil {
		return err
	}
	config, err := k.configure(health, positions)
	if err != nil {
		return err
	}
	user, err := k.cluster.ServiceAccount(systemNamespace, serviceAccount)
	if err != nil {
		return err
	}
	k.Process, err = k.cluster.StartProcess(ctx, process.Command{
		Name: "kueue", Path: path,
		Args:  []string{"--config=" + config, "--kubeconfig=" + user.Kubeconfig(), "--zap-log-level=2"},
		Ready: func(ctx context.Context) error { return process.Answers(ctx, "http://"+health+"/readyz") },
	})
	return err
}

func (k *Kueue) configure(health, positions string) (path string, err error) {
	path = filepath.Join(k.cluster.Dir, "kueue.yaml")
	host, port, err := net.SplitHostPort(positions)
	if err != nil {
		return "", fmt.Errorf("cannot configure Kueue: %w", err)
	}
	text := fmt.Sprintf(configuration, health, k.hooks.LocalServingHost, k.hooks.LocalServingPort, k.hooks.LocalServingCertDir,
		host, port, k.namespace)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return "", fmt.Errorf("cannot configure Kueue: %w", err)
	}
	return path, nil
}
