package server

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

// serveOn serves a handler on a port, and returns its URL.
func serveOn(t *testing.T, handler http.Handler) string {
	t.Helper()
	port, err := NewPort("test", "127.0.0.1:0", handler)
	if err != nil {
		t.Fatal(err)
	}
	runs(t, port.Start)
	return "http://" + port.Listener.Addr().String()
}

// Whoever reaches the ports of probes and metrics cannot take much memory by headers, and gets one answer for each
// connection.
func TestPortsAreBounded(t *testing.T) {
	address := serveOn(t, Metrics())
	for length, isServed := range map[int]bool{longestPortHeaders: true, 16 << 10: false} {
		client := dialTo(t, address, plainly)
		_, _ = fmt.Fprintf(client, "GET /metrics HTTP/1.1\r\nHost: x\r\n%s\r\n", strings.Repeat("a:\r\n", length/4))
		answer, _ := io.ReadAll(client) // or the connection is reset, before or after a 431
		if strings.HasPrefix(string(answer), "HTTP/1.1 200") != isServed {
			t.Errorf("%d bytes of headers: %.50q", length, answer)
		}
		if isServed && !strings.Contains(string(answer), "runai_mpi_build_info") {
			t.Errorf("no metrics: %.500s", answer)
		}
	}
}

// A check is not repeated for each probe, its last result is a metric, and any that fails makes the replica unready.
func TestHealth(t *testing.T) {
	health, asked := NewHealth(), 0
	var problem error
	health.Add("test", func(*http.Request) error {
		asked++
		return problem
	})
	url := serveOn(t, health.Handler())
	code := func(path string) int {
		t.Helper()
		response, err := http.Get(url + path) //nolint:noctx // of this test
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		return response.StatusCode
	}
	for _, path := range []string{"/readyz", "/readyz", "/readyz/test", "/healthz"} {
		if got := code(path); got != http.StatusOK {
			t.Errorf("%s: %d", path, got)
		}
	}
	if asked != 1 {
		t.Errorf("the check ran %d times", asked)
	}
	if testutil.ToFloat64(ready.WithLabelValues("test")) != 1 {
		t.Error("the metric does not say that it is ready")
	}
	health, problem = NewHealth(), errors.New("not ready")
	health.Add("test", func(*http.Request) error { return problem })
	url = serveOn(t, health.Handler())
	if code("/readyz") != http.StatusInternalServerError || code("/healthz") != http.StatusOK {
		t.Error("a check that fails does not make the replica unready, or not only that")
	}
	if testutil.ToFloat64(ready.WithLabelValues("test")) != 0 {
		t.Error("the metric says that it is ready")
	}
}
