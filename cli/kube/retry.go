package kube

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"k8s.io/client-go/rest"
)

const (
	retryTime  = 30 * time.Second
	quietTime  = time.Second // a webhook that does not know a new project yet is not worth a line
	firstPause = 100 * time.Millisecond
	lastPause  = 2 * time.Second
)

// retrying sends a request again that met something that is down for a moment. It notes once what is down.
//
// A request whose answer was lost may have been served. It is sent again nevertheless, unless it opens a session: each
// object has a name, so that a second creation does not create another one.
type retrying struct {
	library retryablehttp.RoundTripper // sends each body from its beginning
	next    http.RoundTripper
	config  *rest.Config
	server  string
	note    func(string)
}

func newRetrying(next http.RoundTripper, config *rest.Config, note func(string)) *retrying {
	r := &retrying{next: next, config: config, server: serverOf(config), note: note}
	r.library.Client = &retryablehttp.Client{
		HTTPClient:   &http.Client{Transport: unchanged{next}},
		RetryMax:     math.MaxInt, // the time is limited, not the number
		RetryWaitMin: firstPause,
		RetryWaitMax: lastPause,
		CheckRetry:   r.isWorthwhile,
		Backoff:      pauseAfter,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	return r
}

// unchanged sends a copy of a request: WebSocket's transport changes what it sends, which could not be sent again.
type unchanged struct{ next http.RoundTripper }

func (u unchanged) RoundTrip(request *http.Request) (*http.Response, error) {
	return u.next.RoundTrip(request.Clone(request.Context()))
}

type onceKey struct{}

// Once returns a context for requests that are not retried if something is down: those that a command can do without,
// and those that the caller repeats.
func Once(ctx context.Context) context.Context { return context.WithValue(ctx, onceKey{}, true) }

type sessionKey struct{}

// forSession returns a context for a request that opens a session. It is not sent again after it was sent: its command
// would run twice.
func forSession(ctx context.Context) context.Context {
	return context.WithValue(ctx, sessionKey{}, true)
}

func (r *retrying) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := r.send(request)
	if err != nil {
		return nil, silent(request.Context(), err)
	}
	if request.Context().Value(onceKey{}) != nil {
		response.Header.Del("Retry-After") // the client library would repeat the request silently
	}
	return response, nil
}

// silent hides from the client library why it would repeat the request, which it does silently.
func silent(ctx context.Context, err error) error {
	var network networkError
	if _, isPage := pageOf(err); isPage || ctx.Err() != nil || !errors.As(err, &network) {
		return err
	}
	return networkError{errors.New(network.Error())}
}

func (r *retrying) send(request *http.Request) (*http.Response, error) {
	ctx := request.Context()
	if ctx.Value(onceKey{}) != nil {
		return r.next.RoundTrip(request)
	}
	if ctx.Value(attemptKey{}) == nil {
		ctx, _ = withAttempt(ctx)
	}
	attemptOf(ctx).begin(request)
	return r.library.RoundTrip(request.WithContext(ctx))
}

// isWorthwhile reports whether to retry a request.
func (r *retrying) isWorthwhile(ctx context.Context, response *http.Response, err error) (bool, error) {
	attempt := attemptOf(ctx)
	tries := attempt.tries.Add(1)
	if err == nil {
		err = readWhole(response)
	}
	outage := r.outageOf(ctx, response, err)
	if outage.isLost && attempt.sent.Load() {
		attempt.lost.Store(true)
	}
	if outage.text == "" || outage.isLost && ctx.Value(sessionKey{}) != nil || ctx.Err() != nil {
		return false, err
	}
	if !outage.isLost {
		attempt.sent.Store(false)
	}
	limit := limitOf(ctx)
	until := time.Since(attempt.started) + pauseAfter(firstPause, lastPause, int(tries-1), response)
	if until > limit {
		if err == nil {
			response.Header.Del("Retry-After") // the client library would repeat the request silently
		}
		return false, err
	}
	if (outage.atOnce || until >= quietTime) && attempt.noted.CompareAndSwap(false, true) {
		r.note(fmt.Sprintf("trying again for up to %s: %s", seconds(limit), outage.text))
	}
	return true, nil
}

func seconds(duration time.Duration) string {
	if n := math.Ceil(duration.Seconds()); n != 1 {
		return fmt.Sprintf("%.0f seconds", n)
	}
	return "1 second"
}

// limitOf returns for how long a request is retried: not longer than the user wants to wait.
func limitOf(ctx context.Context) time.Duration {
	if deadline, isSet := ctx.Deadline(); isSet {
		return min(retryTime, deadline.Sub(attemptOf(ctx).started))
	}
	return retryTime
}

// pauseAfter returns how long to wait: longer each time, and as long as the server asks.
func pauseAfter(least, most time.Duration, tries int, response *http.Response) time.Duration {
	grown := retryablehttp.DefaultBackoff(least, most, tries, nil)
	if response == nil {
		return grown
	}
	asked := &http.Response{StatusCode: http.StatusServiceUnavailable, Header: response.Header} // it does not look at a 500
	return max(grown, retryablehttp.DefaultBackoff(least, most, tries, asked))
}
