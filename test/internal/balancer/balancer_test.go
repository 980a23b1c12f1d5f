package balancer

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

func named(t *testing.T, name string) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, name) }))
	t.Cleanup(server.Close)
	return server
}

func start(t *testing.T) *Balancer {
	t.Helper()
	b, err := Start("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

// get returns what a backend answers, or "" if none does.
func get(t *testing.T, client *http.Client, b *Balancer) string {
	t.Helper()
	response, err := client.Get("http://" + b.Address())
	if err != nil {
		return ""
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func newClient(t *testing.T, keepAlive bool) *http.Client {
	transport := &http.Transport{DisableKeepAlives: !keepAlive}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// many is enough for every backend to be taken, but for one run in 10^12.
const many = 40

func TestConnectionsAreSpread(t *testing.T) {
	b, client := start(t), newClient(t, false)
	b.SetBackends(named(t, "one").Listener.Addr().String(), named(t, "two").Listener.Addr().String())
	count := map[string]int{}
	for range many {
		count[get(t, client, b)]++
	}
	if count["one"] == 0 || count["two"] == 0 || count["one"]+count["two"] != many || b.Accepted() != many {
		t.Errorf("%v, %d connections", count, b.Accepted())
	}
}

// A connection stays with its backend, as in the kernel's table of connections.
func TestConnectionsStay(t *testing.T) {
	b, client := start(t), newClient(t, true)
	b.SetBackends(named(t, "one").Listener.Addr().String())
	before := get(t, client, b)
	b.SetBackends(named(t, "two").Listener.Addr().String())
	if again, other := get(t, client, b), get(t, newClient(t, true), b); before != "one" || again != "one" || other != "two" {
		t.Errorf("%s, then %s on the same connection, %s on another", before, again, other)
	}
}

// The balancer does not try another backend: kube-proxy does not, either.
func TestDeadBackend(t *testing.T) {
	b, client := start(t), newClient(t, false)
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead.Close()
	b.SetBackends(named(t, "one").Listener.Addr().String(), dead.Addr().String())
	count := map[string]int{}
	for range many {
		count[get(t, client, b)]++
	}
	if count["one"] == 0 || count[""] == 0 || count["one"]+count[""] != many {
		t.Errorf("%v", count)
	}
	b.SetBackends()
	if answer := get(t, client, b); answer != "" {
		t.Errorf("%s answers, although there is no backend", answer)
	}
}
