package suite

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/runai-mpi/runai-mpi/test/internal/balancer"
)

// A Gate is a way to the API server that is closed until Open, and can be closed for ever.
type Gate struct {
	*balancer.Balancer
	// Kubeconfig is the path of the administrator's kubeconfig with the address of the gate.
	Kubeconfig string

	server string
}

// Gate returns a closed gate.
func (p *Product) Gate(t testing.TB) *Gate {
	t.Helper()
	server, err := url.Parse(p.Config.Host)
	if err != nil {
		t.Fatal(err)
	}
	b, err := balancer.Start(server.Hostname())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	text, err := os.ReadFile(p.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(kubeconfig, []byte(strings.ReplaceAll(string(text), server.Host, b.Address())), 0o600); err != nil {
		t.Fatal(err)
	}
	return &Gate{Balancer: b, Kubeconfig: kubeconfig, server: server.Host}
}

// Open opens the gate.
func (g *Gate) Open() { g.SetBackends(g.server) }
