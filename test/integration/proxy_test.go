package integration

import (
	"net/http"
	"testing"

	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// proxied returns a kubeconfig that reaches the real API server through a proxy, in which a test can count
// requests or cut connections.
func proxied(t *testing.T, between func(w http.ResponseWriter, r *http.Request, forward http.Handler)) (kubeconfig string) {
	t.Helper()
	return suite.Proxied(t, product.Config, between)
}

func isCreation(r *http.Request) bool { return r.Method == http.MethodPost }
