package replicas

import (
	"os"
	"testing"
	"time"

	"github.com/runai-mpi/runai-mpi/test/internal/install"
	"github.com/runai-mpi/runai-mpi/test/internal/process"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// A replica that starts while no API server answers waits for it.
func TestStartWithoutAPIServer(t *testing.T) {
	gate := product.Gate(t)
	replica := product.StartReplica(t, install.ReplicaOptions{Name: "early", Kubeconfig: gate.Kubeconfig, Unready: true})
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
	other := product.StartReplica(t, install.ReplicaOptions{Name: "vain", Kubeconfig: gate.Kubeconfig, Unready: true})
	suite.Eventually(t, "the other replica answers", suite.Soon, func() error { return suite.Refused(other.Ready(t.Context()), "caches") })
	if err := other.Stop(); err != nil {
		t.Errorf("a replica that waits cannot be stopped: %s", err)
	}
	gate.Open()
	suite.Eventually(t, "the replica is ready", time.Minute, func() error { return replica.Ready(t.Context()) })
}
