package kube

import (
	"context"
	"net/http/httptrace"
	"sync/atomic"
)

// An attempt records what happened to a request, which its error alone does not say.
type attempt struct {
	sent  atomic.Bool  // there was a connection to send it on, and it was not refused since
	tries atomic.Int32 // also those of the client library
}

type attemptKey struct{}

// withAttempt returns a context that records one request.
func withAttempt(ctx context.Context) (context.Context, *attempt) {
	a := &attempt{}
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { a.sent.Store(true) }}
	return context.WithValue(httptrace.WithClientTrace(ctx, trace), attemptKey{}, a), a
}

// attemptOf returns the record of a request, which nobody reads if the context has none.
func attemptOf(ctx context.Context) *attempt {
	if a, recorded := ctx.Value(attemptKey{}).(*attempt); recorded {
		return a
	}
	return &attempt{}
}
