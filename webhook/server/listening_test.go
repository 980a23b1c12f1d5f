package server

import (
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// dialTo connects to a URL, and reads only until a deadline.
func dialTo(t *testing.T, address string, dial func(address string) (net.Conn, error)) net.Conn {
	t.Helper()
	target, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	connection, err := dial(target.Host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() }) // the server may have closed it
	if err := connection.SetDeadline(time.Now().Add(2 * connectionTime)); err != nil {
		t.Fatal(err)
	}
	return connection
}

func plainly(address string) (net.Conn, error) { return net.Dial("tcp", address) }

func encrypted(address string) (net.Conn, error) {
	return tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // a certificate for one test
}

// Headers are read before a request has its turn. They must take little memory, however many clients send them.
func TestLongHeaders(t *testing.T) {
	address, _ := serving(t, func(http.ResponseWriter, *http.Request) {})
	for length, isServed := range map[int]bool{longestHeaders: true, 4 * longestHeaders: false} {
		var headers strings.Builder
		for n := 0; headers.Len() < length; n++ {
			fmt.Fprintf(&headers, "%x:\r\n", n)
		}
		client := dialTo(t, address, encrypted)
		_, _ = fmt.Fprintf(client, "POST %s HTTP/1.1\r\nHost: x\r\n%s\r\n", MutatePath, headers.String())
		answer, _ := io.ReadAll(client) // or the connection is reset, before or after a 431
		if strings.HasPrefix(string(answer), "HTTP/1.1 200") != isServed {
			t.Errorf("%d bytes of headers: %.50q", length, answer)
		}
	}
}

// A client that does not even begin a handshake is counted, and loses its connection as soon as others.
func TestSilentConnections(t *testing.T) {
	address, _ := serving(t, func(http.ResponseWriter, *http.Request) {})
	start := time.Now()
	client := dialTo(t, address, plainly)
	if n, err := client.Read(make([]byte, 1)); n > 0 || err == nil {
		t.Errorf("%d bytes, %v", n, err)
	}
	if took := time.Since(start); took > connectionTime {
		t.Errorf("the connection is open for %s", took)
	}
}

// Each path of the server closes the connection after its answer.
func TestOneRequestPerConnection(t *testing.T) {
	address, _ := serving(t, func(http.ResponseWriter, *http.Request) {})
	for _, path := range []string{MutatePath, "/other"} {
		client := dialTo(t, address, encrypted)
		if _, err := fmt.Fprintf(client, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", path); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if answer, err := io.ReadAll(client); err != nil || !strings.Contains(string(answer), "Connection: close\r\n") {
			t.Errorf("%s: %q, %v", path, answer, err)
		}
		if took := time.Since(start); took > requestTime {
			t.Errorf("%s: the connection stays open for %s", path, took)
		}
	}
}

// Anybody can begin what is not a handshake.
func TestFailedHandshakesMakeFewLines(t *testing.T) {
	start := time.Now()
	const flood = 100
	lines := logged(t, slog.LevelInfo, func() {
		address, _ := serving(t, func(http.ResponseWriter, *http.Request) {})
		for range flood {
			client := dialTo(t, address, plainly)
			if _, err := io.WriteString(client, "GET / HTTP/1.1\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
			_, _ = io.ReadAll(client) // or the connection is reset
		}
	})
	if most := mostConnectionLines * (2 + int(time.Since(start).Seconds())); len(lines) == 0 || len(lines) > most {
		t.Errorf("%d lines of at most %d", len(lines), most)
	}
}
