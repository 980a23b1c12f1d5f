package kube

import (
	"context"
	"errors"
	"net/http"

	"k8s.io/client-go/rest"
	"k8s.io/streaming/pkg/httpstream"
)

// An opening is how a session or a forwarded port is opened: by a WebSocket, or if that fails, by SPDY.
type opening struct {
	opened  func() // is called when the API server has accepted the session, if set
	isOpen  bool
	refused error // the answer to the attempt to open a WebSocket
	failed  error // why the last attempt got no answer
}

// observed returns a configuration whose connections the opening observes.
func (o *opening) observed(config *rest.Config) *rest.Config {
	copied := rest.CopyConfig(config)
	copied.Wrap(func(next http.RoundTripper) http.RoundTripper { return upgraded{next, o} })
	return copied
}

type upgraded struct {
	next    http.RoundTripper
	opening *opening
}

func (u upgraded) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := u.next.RoundTrip(request.WithContext(forSession(request.Context())))
	u.opening.failed = err
	if err == nil && response.StatusCode == http.StatusSwitchingProtocols {
		u.opening.isOpen = true
		if u.opening.opened != nil {
			u.opening.opened()
		}
	}
	return response, err
}

// mayWorkWithoutWebSocket reports whether SPDY is worth an attempt after an error, as kubectl judges it.
func (o *opening) mayWorkWithoutWebSocket(err error) bool {
	var upgrade *httpstream.UpgradeFailureError
	if errors.As(err, &upgrade) {
		o.refused = upgrade.Cause
	}
	return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
}

// explain returns why no attempt succeeded: the API server's answer to the first one, or the network's error in the
// second one: the library keeps only its text.
func (o *opening) explain(err error) error {
	var network networkError
	switch {
	case err == nil || o.isOpen:
		return err
	case isAnswer(o.refused):
		return o.refused
	case errors.As(o.failed, &network):
		return o.failed
	}
	return err
}

// interruptible returns what a call returns, or that the context has ended: the library waits for the answer to an
// upgrade without looking at the context.
func interruptible(ctx context.Context, call func() error) error {
	ended := make(chan error, 1)
	go func() { ended <- call() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
