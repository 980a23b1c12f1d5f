package kube

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"syscall"
	"time"

	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/streaming/pkg/httpstream"
)

// logging logs each request without its body, its headers and the words of a command, which may have credentials.
type logging struct {
	next http.RoundTripper
	log  *slog.Logger
}

func (l logging) RoundTrip(request *http.Request) (*http.Response, error) {
	start := time.Now()
	response, err := l.next.RoundTrip(request)
	status := "no response"
	if err == nil {
		status = response.Status
	}
	l.log.Debug("request", "method", request.Method, "url", withoutCommand(*request.URL).Redacted(), "status", status,
		"took", time.Since(start).Round(time.Millisecond))
	return response, err
}

func withoutCommand(address url.URL) *url.URL {
	query := address.Query()
	if words := query["command"]; len(words) > 1 {
		query["command"] = append(words[:1:1], fmt.Sprintf("(%d more)", len(words)-1))
		address.RawQuery = query.Encode()
	}
	return &address
}

// marking is next to the network, inside of what the client library adds to get credentials. It marks the errors of
// the network, so that all others are known to come from the kubeconfig.
type marking struct{ next http.RoundTripper }

type networkError struct{ error }

func (e networkError) Unwrap() error { return e.error }

func (e networkError) Error() string {
	if e.isCutOff() {
		return "it closed the connection"
	}
	return e.error.Error()
}

// isCutOff reports whether a connection ended before the answer did.
func (e networkError) isCutOff() bool {
	return errors.Is(e.error, io.EOF) || errors.Is(e.error, io.ErrUnexpectedEOF) || errors.Is(e.error, syscall.EPIPE) ||
		utilnet.IsProbableEOF(e.error) || utilnet.IsConnectionReset(e.error) || utilnet.IsHTTP2ConnectionLost(e.error) ||
		isStreamReset(e.error.Error())
}

func (m marking) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := m.next.RoundTrip(request)
	if err != nil && !httpstream.IsUpgradeFailure(err) { // an answer, to a request for a session
		err = networkError{err}
	}
	return response, err
}

// warnings forwards each warning of the API server and of admission webhooks once.
type warnings struct {
	warn func(string)
	said sync.Map
}

func (w *warnings) HandleWarningHeader(code int, _, text string) {
	if code != 299 || text == "" {
		return
	}
	if _, again := w.said.LoadOrStore(text, true); !again {
		w.warn(text)
	}
}
