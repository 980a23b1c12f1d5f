package server

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
)

const (
	// requestTime is when the API server gives up a request: the timeoutSeconds of the chart.
	requestTime = 5 * time.Second
	// waitTime is how long a request waits for its turn.
	waitTime = time.Second
	// smallRequest is the size in bytes of a request that is not large. Those of almost all jobs are small.
	smallRequest = 256 << 10
	smallAtOnce  = 64
	// largestRequest is the size in bytes of the largest request that controller-runtime reads.
	largestRequest = 7 << 20
	largeAtOnce    = 2
)

// NewServer returns controller-runtime's webhook server with limits on what requests may take of it, because
// anybody who reaches its port can send them. It serves one request per connection: a connection that stayed
// open would lead later requests to a replica that hangs, although its endpoint is gone.
func NewServer(options webhook.Options) webhook.Server {
	connections := newConnections()
	options.TLSOpts = append(options.TLSOpts, func(config *tls.Config) {
		config.NextProtos = []string{"http/1.1"} // HTTP/2 would carry any number of requests
		config.GetConfigForClient = connections.admit
	})
	return &boundedServer{webhook.NewServer(options), connections, make(chan struct{}, smallAtOnce), make(chan struct{}, largeAtOnce)}
}

type boundedServer struct {
	webhook.Server
	connections  *connections
	small, large chan struct{} // the requests that are read and handled
}

// Register registers a webhook behind the limits.
func (s *boundedServer) Register(path string, hook http.Handler) {
	s.Server.Register(path, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer s.connections.done(r.RemoteAddr)
		defer prometheus.NewTimer(reviewDuration.WithLabelValues(webhookOf(path))).ObserveDuration()
		w.Header().Set("Connection", "close")
		deadline := time.Now().Add(requestTime)
		control := http.NewResponseController(w)
		if control.SetReadDeadline(deadline) != nil || control.SetWriteDeadline(deadline) != nil {
			return // the connection is gone
		}
		ctx, cancel := context.WithDeadline(r.Context(), deadline)
		defer cancel()
		turns := s.turns(r)
		select {
		case turns <- struct{}{}:
			defer func() { <-turns }()
			serveRead(w, r.WithContext(ctx), path, hook)
		case <-time.After(waitTime):
			observeUnread(path, notAvailable, "too many requests")
			answerBusy(w, r)
		}
	}))
}

// serveRead reads a request, and passes it on unless decoding it would take too much memory.
func serveRead(w http.ResponseWriter, r *http.Request, path string, hook http.Handler) {
	var body bytes.Buffer
	body.Grow(int(min(max(r.ContentLength, 0), largestRequest)) + bytes.MinRead)
	if _, err := body.ReadFrom(io.LimitReader(r.Body, largestRequest+1)); err != nil { // what is larger is refused by controller-runtime
		return // the client is gone, or too slow
	}
	if sprawls(body.Bytes()) {
		const reason = "the AdmissionReview has too many names and values"
		observeUnread(path, refused, reason)
		answerUnread(w, &body, apierrors.NewRequestEntityTooLargeError(reason).Status())
		return
	}
	r.Body = io.NopCloser(&body)
	hook.ServeHTTP(w, r)
}

// turns returns a semaphore for requests of this size, so that large ones, which take much memory, are few, and
// small ones do not wait for them.
func (s *boundedServer) turns(r *http.Request) chan struct{} {
	if 0 <= r.ContentLength && r.ContentLength <= smallRequest {
		return s.small
	}
	return s.large
}
