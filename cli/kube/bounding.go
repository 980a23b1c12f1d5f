package kube

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// bounding ends a request that takes longer than the user wants to wait, and one that the user interrupts, also while
// a credential plugin runs, which the client library waits for. What is watched or followed has no end of its own.
type bounding struct {
	next    http.RoundTripper
	timeout time.Duration // 0: none
}

// A lateError is the error of a request that got no answer within the timeout that the user set with a flag.
type lateError struct {
	timeout time.Duration
	flag    string
}

func (e lateError) Error() string {
	return fmt.Sprintf("no answer within %s (%s)", e.timeout, e.flag)
}

// WithTimeout returns a context for requests that a timeout bounds, if it is not 0. When the context ends, its
// cause is an error that [Client.Explain] explains.
func WithTimeout(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, timeout, lateError{timeout, "--timeout"})
}

type answer struct {
	response *http.Response
	err      error
}

func (b bounding) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx, cancel := request.Context(), context.CancelFunc(func() {})
	if b.timeout > 0 && !isStream(request) {
		ctx, cancel = context.WithTimeoutCause(ctx, b.timeout, lateError{b.timeout, "--request-timeout"})
	}
	answers := make(chan answer, 1)
	go func() {
		response, err := b.next.RoundTrip(request.WithContext(ctx)) //nolint:bodyclose // the receiver closes it
		answers <- answer{response, err}
	}()
	select {
	case got := <-answers:
		if got.err != nil {
			defer cancel()
			return nil, causeOf(ctx, got.err)
		}
		got.response.Body = body{got.response.Body, ctx, cancel}
		return got.response, nil
	case <-ctx.Done():
		go closeLate(answers)
		defer cancel()
		return nil, context.Cause(ctx)
	}
}

// closeLate closes the body of an answer that nobody waits for.
func closeLate(answers <-chan answer) {
	if late := <-answers; late.response != nil {
		late.response.Body.Close()
	}
}

// isStream reports whether the answer to a request lasts as long as the user wants.
func isStream(request *http.Request) bool {
	query := request.URL.Query()
	for _, name := range []string{"watch", "follow"} {
		if on, _ := strconv.ParseBool(query.Get(name)); on {
			return true
		}
	}
	return false
}

// causeOf returns why a context ended, or the error if it did not.
func causeOf(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// A body is the body of an answer, which the timeout bounds too.
type body struct {
	io.ReadCloser
	ctx    context.Context
	cancel context.CancelFunc
}

func (b body) Read(into []byte) (int, error) {
	n, err := b.ReadCloser.Read(into)
	if err != nil && !errors.Is(err, io.EOF) {
		err = causeOf(b.ctx, err)
	}
	return n, err
}

func (b body) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}
