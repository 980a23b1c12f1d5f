package replicas

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/runai-mpi/runai-mpi/test/internal/balancer"
	"github.com/runai-mpi/runai-mpi/test/internal/install"
	"github.com/runai-mpi/runai-mpi/test/internal/process"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// A replica that starts while no API server answers waits for it.
func TestStartWithoutAPIServer(t *testing.T) {
	server, err := url.Parse(product.Config.Host)
	if err != nil {
		t.Fatal(err)
	}
	gate, err := balancer.Start(server.Hostname()) // to the API server, later
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = gate.Close() })
	kubeconfig := kubeconfigFor(t, server.Host, gate.Address())
	replica := product.StartReplica(t, install.ReplicaOptions{Name: "early", Kubeconfig: kubeconfig, Unready: true})
	suite.Eventually(t, "the replica says that it waits", suite.Soon, func() error {
		text, err := os.ReadFile(replica.LogFile())
		if err != nil {
			return err
		}
		return suite.Says(string(text), "waiting for the API server")
	})
	select {
	case <-replica.Done():
		t.Fatalf("it ended:\n%s", process.Tail(replica.LogFile()))
	case <-time.After(time.Second):
	}
	if err := suite.Refused(replica.Ready(t.Context()), "caches"); err != nil {
		t.Errorf("it is ready, or does not say why not: %s", err)
	}
	other := product.StartReplica(t, install.ReplicaOptions{Name: "vain", Kubeconfig: kubeconfig, Unready: true})
	suite.Eventually(t, "the other replica answers", suite.Soon, func() error { return suite.Refused(other.Ready(t.Context()), "caches") })
	if err := other.Stop(); err != nil {
		t.Errorf("a replica that waits cannot be stopped: %s", err)
	}
	gate.SetBackends(server.Host)
	suite.Eventually(t, "the replica is ready", time.Minute, func() error { return replica.Ready(t.Context()) })
}

// kubeconfigFor returns the path of the administrator's kubeconfig with another address of the API server.
func kubeconfigFor(t *testing.T, old, address string) string {
	t.Helper()
	text, err := os.ReadFile(product.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(text), old, address)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func freeAddress(t *testing.T) string {
	t.Helper()
	address, err := process.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	return address
}
