package server

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"sync"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/webhook"
)

const (
	// requestTime is when the API server gives up a request: the timeoutSeconds of the chart.
	requestTime = 5 * time.Second
	// waitTime is how long a request waits for its turn.
	waitTime = time.Second
	// quickRequest is the size in bytes of a request that is read before it has its turn, so that as many as there can be
	// connections take little memory. Those of almost all jobs are so small.
	quickRequest = 32 << 10
	quickAtOnce  = 64
	// smallRequest is the size in bytes of a request that is not large. Small and large ones are read when they have their
	// turn, and so have turns of their own, of which slow clients can take all.
	smallRequest = 256 << 10
	smallAtOnce  = 16
	// largestRequest is the size in bytes of the largest request that is read: two objects as large as an API server
	// accepts, and a user.
	largestRequest = 7 << 20
	largeAtOnce    = 2
	// sessionsAtOnce is how many sessions are judged at a time. They wait for an answer of the API server, and must not
	// keep jobs waiting.
	sessionsAtOnce = 16
	// clientTime is how long a client that keeps others waiting may take to send its request, or to read the answer. An API
	// server does both at once.
	clientTime = time.Second
	// largeAnswer is the size in bytes of an answer that may wait in memory until the client reads it.
	largeAnswer        = 64 << 10
	largeAnswersAtOnce = 64
)

// NewServer returns a webhook server with limits on what requests may take of it, because anybody who reaches its port can
// send them. It serves one request per connection: a connection that stayed open would lead later requests to a replica
// that hangs, although its endpoint is gone. The certificate is read from tls.crt and tls.key in a directory, again
// whenever they change.
func NewServer(address, certDir string) webhook.Server {
	return &boundedServer{
		webhook.NewServer(webhook.Options{WebhookMux: http.NewServeMux()}), address, certDir,
		newConnections(maxConnections, connectionsOpen, connectionsRefused),
		make(chan struct{}, quickAtOnce), make(chan struct{}, smallAtOnce), make(chan struct{}, largeAtOnce),
		make(chan struct{}, sessionsAtOnce), make(chan struct{}, largeAnswersAtOnce),
	}
}

// boundedServer is controller-runtime's server, which counts the requests, but does not serve them: it accepts any number
// of connections, and 1 MB of headers from each.
type boundedServer struct {
	webhook.Server
	address, certDir    string
	connections         *connections
	quick, small, large chan struct{} // the requests that have their turn
	sessions, answers   chan struct{}
}

// Register registers a webhook behind the limits.
func (s *boundedServer) Register(path string, hook http.Handler) {
	s.Server.Register(path, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived := time.Now()
		deadline := arrived.Add(requestTime)
		control := http.NewResponseController(w)
		if control.SetReadDeadline(deadline) != nil || control.SetWriteDeadline(deadline) != nil {
			return // the connection is gone
		}
		ctx, cancel := context.WithDeadline(withArrival(r.Context(), arrived), deadline)
		defer cancel()
		turns, isQuick := s.turns(path, r)
		if isQuick {
			body := bodies.Get().(*[quickRequest]byte)
			defer bodies.Put(body)
			// rule T70 in webhook/server TestSlowBodies: slow clients that take all turns
			readInto(body, r)
			connectionOf(r).received()
		}
		requestsWaiting.Inc()
		select {
		case turns <- struct{}{}:
			requestsWaiting.Dec()
			turn := &turn{ResponseWriter: w, server: s, turns: turns, isQuick: isQuick, connection: connectionOf(r)}
			defer turn.end()
			if !isQuick {
				_ = control.SetReadDeadline(time.Now().Add(clientTime)) // a connection that is gone cannot be read
				r.Body = whole{r.Body, turn.connection.received}        // net/http then lifts the deadline
			}
			hook.ServeHTTP(turn, r.WithContext(ctx))
		case <-time.After(waitTime):
			requestsWaiting.Dec()
			observeUnread(path, notAvailable, "too many requests")
			answerBusy(w, r)
		}
	}))
}

// turns returns a semaphore for requests of this size, so that large ones, which take much memory, are few, and others
// do not wait for them.
func (s *boundedServer) turns(path string, r *http.Request) (turns chan struct{}, isQuick bool) {
	switch {
	case r.ContentLength < 0 || r.ContentLength > smallRequest:
		return s.large, false
	case r.ContentLength > quickRequest:
		return s.small, false
	case path == SessionsPath:
		return s.sessions, true
	}
	return s.quick, true
}

// bodies are the memory of requests that are read before their turn, which the next ones use again.
var bodies = sync.Pool{New: func() any { return new([quickRequest]byte) }}

// readInto reads the body of a request before it has its turn: a slow client must not keep others from theirs.
func readInto(memory *[quickRequest]byte, r *http.Request) {
	body := memory[:r.ContentLength]
	if _, err := io.ReadFull(r.Body, body); err != nil {
		r.Body = io.NopCloser(unreadable{err})
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
}

// unreadable is a body that cannot be read, and why.
type unreadable struct{ error }

// Read returns why.
func (u unreadable) Read([]byte) (int, error) { return 0, u.error }
