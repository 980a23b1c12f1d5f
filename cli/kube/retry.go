package kube

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

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
	next   http.RoundTripper
	server string
	note   func(string)
}

func (r retrying) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Context().Value(onceKey{}) != nil {
		return r.once(request)
	}
	start, noted := time.Now(), false
	attempt := attemptOf(request.Context())
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		attempt.tries.Add(1)
		response, err := r.next.RoundTrip(request)
		if err != nil {
			return nil, err
		}
		down, err := r.whatIsDown(response)
		if down == "" || err != nil {
			return response, err
		}
		attempt.sent.Store(false)
		wait := max(pause, retryAfter(response))
		again, canRepeat := repeated(request)
		if !canRepeat || time.Since(start)+wait > retryTime {
			response.Header.Del("Retry-After") // the client library would repeat the request silently
			return response, nil
		}
		response.Body.Close()
		if !noted && time.Since(start)+wait >= quietTime {
			r.note(fmt.Sprintf("trying again for up to %.0f seconds: %s", retryTime.Seconds(), down))
			noted = true
		}
		select {
		case <-request.Context().Done():
			return nil, request.Context().Err()
		case <-time.After(wait):
		}
		request = again
	}
}

type onceKey struct{}

// sentOnce returns a context for requests that somebody else repeats, who says so.
func sentOnce(ctx context.Context) context.Context { return context.WithValue(ctx, onceKey{}, true) }

// once hides from the client library why it would repeat the request silently.
func (r retrying) once(request *http.Request) (*http.Response, error) {
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

// repeated returns a request to send again, if its body can be read again.
func repeated(request *http.Request) (*http.Request, bool) {
	again := request.Clone(request.Context())
	if request.Body == nil || request.Body == http.NoBody {
		return again, true
	}
	if request.GetBody == nil {
		return nil, false
	}
	body, err := request.GetBody()
	again.Body = body
	return again, err == nil
}

// retryAfter returns how long the server asks to wait.
func retryAfter(response *http.Response) time.Duration {
	seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
	if err != nil {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// whatIsDown returns why a request was refused for the moment, or "" if it was not.
func (r retrying) whatIsDown(response *http.Response) (string, error) {
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
	match := noAnswer.FindStringSubmatch(status.Message)
	switch {
	case match != nil:
		return fmt.Sprintf("webhook %s does not respond", match[1]), nil
	case response.StatusCode == http.StatusInternalServerError:
		return "", nil
	case response.StatusCode == http.StatusTooManyRequests:
		return fmt.Sprintf("the API server %s is overloaded", r.server), nil
	case status.Message != "":
		return withoutWebhook(status.Message), nil
	}
	return fmt.Sprintf("the API server %s is not available", r.server), nil
}
