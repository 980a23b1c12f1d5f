package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/runai-mpi/runai-mpi/test/internal/lab"
)

// serveTCP accepts connections on a free port of the lab's address, and returns both. A connection stays open until
// the test has ended, unless the server closes it.
func serveTCP(t *testing.T, server func(net.Conn)) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", lab.HostAddress+":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return // it is closed
			}
			t.Cleanup(func() { _ = connection.Close() })
			go server(connection)
		}
	}()
	return listener.Addr().String()
}

// silent accepts a connection and never answers.
func silent(net.Conn) {}

// closes accepts a connection and closes it.
func closes(connection net.Conn) { _ = connection.Close() }

// greets is an ssh server that sends only its version.
func greets(connection net.Conn) { _, _ = io.WriteString(connection, "SSH-2.0-OpenSSH_9.2p1\r\n") }

// silentDNS is a name server that never answers.
func silentDNS(t *testing.T) {
	t.Helper()
	packets, err := net.ListenPacket("udp", lab.HostAddress+":53")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = packets.Close() })
}

// stallsAfterHeaders answers a request with the beginning of an answer.
func stallsAfterHeaders(w http.ResponseWriter, request *http.Request) {
	w.Header().Set("Content-Type", "application/x-git-upload-pack-advertisement")
	w.WriteHeader(http.StatusOK)
	_ = http.NewResponseController(w).Flush()
	<-request.Context().Done()
}

// redirects redirects to itself.
func redirects(w http.ResponseWriter, request *http.Request) {
	http.Redirect(w, request, request.URL.String(), http.StatusFound)
}

// denies rejects every password.
func denies(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
	w.WriteHeader(http.StatusUnauthorized)
}

// inPack serves the repository until the files are requested, and then calls another handler.
func (r repository) inPack(instead func(http.ResponseWriter, *http.Request)) http.HandlerFunc {
	return func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		if err != nil {
			return
		}
		request.Body = io.NopCloser(bytes.NewReader(body))
		if !strings.Contains(string(body), "command=fetch") {
			r.backend().ServeHTTP(w, request)
			return
		}
		w.Header().Set("Content-Type", "application/x-git-upload-pack-result")
		_, _ = io.WriteString(w, "000dpackfile\n")
		_ = http.NewResponseController(w).Flush()
		instead(w, request)
	}
}

func stalls(_ http.ResponseWriter, request *http.Request) { <-request.Context().Done() }

// trickles reports progress forever.
func trickles(w http.ResponseWriter, request *http.Request) {
	for request.Context().Err() == nil {
		const progress = "counting\n"
		fmt.Fprintf(w, "%04x\x02%s", len(progress)+5, progress)
		_ = http.NewResponseController(w).Flush()
		time.Sleep(200 * time.Millisecond)
	}
}

// failsAtFirst serves the repository, except for the first requests.
func (r repository) failsAtFirst(requests int32) http.HandlerFunc {
	var seen atomic.Int32
	return func(w http.ResponseWriter, request *http.Request) {
		if seen.Add(1) <= requests {
			http.Error(w, "busy", http.StatusServiceUnavailable)
			return
		}
		r.backend().ServeHTTP(w, request)
	}
}
