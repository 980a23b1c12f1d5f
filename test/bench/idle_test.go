package bench

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/runai-mpi/runai-mpi/test/internal/install"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
	"github.com/runai-mpi/runai-mpi/test/ranges"
)

// A replica of a small cluster asks for little before it is ready, and takes little memory when nobody asks it.
func TestIdle(t *testing.T) {
	account, err := product.ServiceAccount("runai-system", "runai-mpi")
	if err != nil {
		t.Fatal(err)
	}
	var mutex sync.Mutex
	var asked []string
	kubeconfig := suite.Proxied(t, account.Config, func(w http.ResponseWriter, r *http.Request, forward http.Handler) {
		mutex.Lock()
		asked = append(asked, r.Method+" "+r.URL.RequestURI())
		mutex.Unlock()
		forward.ServeHTTP(w, r)
	})
	replica := product.StartReplica(t, install.ReplicaOptions{Name: "idle", Kubeconfig: kubeconfig})
	mutex.Lock()
	t.Logf("before it was ready, it asked:\n%s", strings.Join(asked, "\n"))
	requests := len(asked)
	mutex.Unlock()
	ranges.Check(t, "requests-of-start", float64(requests))
	suite.Eventually(t, "the replica gives back what only its start needed", suite.Soon, func() error {
		if resident := megabytes(t, replica.Process, "VmRSS"); resident > 40 {
			return fmt.Errorf("it has %.0f MB", resident)
		}
		return nil
	})
	ranges.Check(t, "memory-resident", megabytes(t, replica.Process, "VmRSS"))
	ranges.Check(t, "memory-idle", megabytes(t, replica.Process, "RssAnon"))
}
