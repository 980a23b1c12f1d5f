package kube

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"
)

const (
	retryTime  = 30 * time.Second
	quietTime  = time.Second // a webhook that does not know a new project yet is not worth a line
	firstPause = 100 * time.Millisecond
	lastPause  = 2 * time.Second
)

// retrying sends a request again that was refused because something is down for a moment. Nothing was stored then,
// not even if the request is a creation. It notes once what is down.
type retrying struct {
	library retryablehttp.RoundTripper // sends each body from its beginning
	next    http.RoundTripper
	server  string
	note    func(string)
}

func newRetrying(next http.RoundTripper, server string, note func(string)) *retrying {
	r := &retrying{next: next, server: server, note: note}
	r.library.Client = &retryablehttp.Client{
		HTTPClient:   &http.Client{Transport: next, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		RetryMax:     math.MaxInt, // the time is limited, not the number
		RetryWaitMin: firstPause,
		RetryWaitMax: lastPause,
		CheckRetry:   r.isWorthwhile,
		Backoff:      pauseAfter,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	return r
}

type onceKey struct{}

// Once returns a context for requests that are not retried if something is down: those that a command can do without,
// and those that the caller repeats.
func Once(ctx context.Context) context.Context { return context.WithValue(ctx, onceKey{}, true) }

// once hides from the client library why it would repeat the request silently.
func (r *retrying) once(request *http.Request) (*http.Response, error) {
	response, err := r.next.RoundTrip(request)
	switch {
	case err == nil:
		response.Header.Del("Retry-After")
	case request.Context().Err() != nil:
	case utilnet.IsProbableEOF(err):
		err = errClosed
	default:
		err = networkError{errors.New(err.Error())}
	}
	return response, err
}

var errClosed = networkError{errors.New("it closed the connection")}

func (r *retrying) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx := request.Context()
	if ctx.Value(onceKey{}) != nil {
		return r.once(request)
	}
	if ctx.Value(attemptKey{}) == nil {
		ctx, _ = withAttempt(ctx)
	}
	return r.library.RoundTrip(request.WithContext(ctx))
}

// isWorthwhile reports whether to retry a request.
func (r *retrying) isWorthwhile(ctx context.Context, response *http.Response, err error) (bool, error) {
	attempt := attemptOf(ctx)
	tries := attempt.tries.Add(1)
	if err != nil {
		return false, nil //nolint:nilerr // the library returns it
	}
	down, err := r.whatIsDown(response)
	if down == "" || err != nil {
		return false, err
	}
	attempt.sent.Store(false)
	until := time.Since(attempt.started) + pauseAfter(firstPause, lastPause, int(tries-1), response)
	if until > retryTime {
		response.Header.Del("Retry-After") // the client library would repeat the request silently
		return false, nil
	}
	if until >= quietTime && attempt.noted.CompareAndSwap(false, true) {
		r.note(fmt.Sprintf("trying again for up to %.0f seconds: %s", retryTime.Seconds(), down))
	}
	return true, nil
}

// pauseAfter returns how long to wait: longer each time, and as long as the server asks.
func pauseAfter(least, most time.Duration, tries int, response *http.Response) time.Duration {
	grown := retryablehttp.DefaultBackoff(least, most, tries, nil)
	asked := &http.Response{StatusCode: http.StatusServiceUnavailable, Header: response.Header} // it does not look at a 500
	return max(grown, retryablehttp.DefaultBackoff(least, most, tries, asked))
}

// whatIsDown returns why a request was refused for the moment, or "" if it was not.
func (r *retrying) whatIsDown(response *http.Response) (string, error) {
	switch response.StatusCode {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusInternalServerError:
	default:
		return "", nil
	}
	text, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil {
		return "", err
	}
	response.Body = io.NopCloser(bytes.NewReader(text))
	var status metav1.Status
	_ = json.Unmarshal(text, &status) // the answer of a proxy has no status
	webhook := silentWebhook(status.Message)
	switch {
	case webhook != "":
		return fmt.Sprintf("webhook %s does not respond", webhook), nil
	case response.StatusCode == http.StatusInternalServerError:
		return "", nil
	case response.StatusCode == http.StatusTooManyRequests:
		return fmt.Sprintf("the API server %s is overloaded", r.server), nil
	case status.Message != "":
		return withoutWebhook(status.Message), nil
	}
	return fmt.Sprintf("the API server %s is not available", r.server), nil
}
