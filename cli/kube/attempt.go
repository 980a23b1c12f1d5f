package kube

import (
	"context"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// An attempt records what happened to a request, which its error alone does not say.
type attempt struct {
	started time.Time     // of the first try; before, a credential plugin may have asked the user to log in
	request *http.Request // as its last sender sent it; the answers of upgraded connections do not tell theirs
	sent    atomic.Bool   // there was a connection to send it on, and it was not refused since
	lost    atomic.Bool   // it was sent, and the answer was lost
	noted   atomic.Bool   // the user has been told that it is repeated
	tries   atomic.Int32  // also those of the client library
	refused atomic.Int64  // the time until the API server first refused it because no role allows it
}

type attemptKey struct{}

// withAttempt returns a context that records one request.
func withAttempt(ctx context.Context) (context.Context, *attempt) {
	a := &attempt{}
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { a.sent.Store(true) }}
	return context.WithValue(httptrace.WithClientTrace(ctx, trace), attemptKey{}, a), a
}

// begin records a try.
func (a *attempt) begin(request *http.Request) {
	a.request = request
	if a.started.IsZero() {
		a.started = time.Now()
	}
}

// attemptOf returns the record of a request, which every request has from its first try on.
func attemptOf(ctx context.Context) *attempt { return ctx.Value(attemptKey{}).(*attempt) }

// isRefusedFor returns the time since the API server first refused the request because no role allows it.
func (a *attempt) isRefusedFor() time.Duration {
	now := time.Since(a.started)
	a.refused.CompareAndSwap(0, int64(now))
	return now - time.Duration(a.refused.Load())
}
