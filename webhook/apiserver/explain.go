// Package apiserver says why a request to the API server failed.
package apiserver

import (
	"errors"
	"fmt"
	"net/url"
)

// Explain returns an error that names the API server and not the URL of one request, if the API server did not answer.
// It returns every other error as it is.
func Explain(err error) error {
	var request *url.Error
	if !errors.As(err, &request) {
		return err
	}
	return unanswered{request}
}

// IsUnanswered reports whether the API server did not answer.
func IsUnanswered(err error) bool {
	var request *url.Error
	return errors.As(err, &request)
}

type unanswered struct{ request *url.Error }

func (u unanswered) Error() string {
	server := u.request.URL
	if parsed, err := url.Parse(u.request.URL); err == nil {
		server = parsed.Scheme + "://" + parsed.Host
	}
	return fmt.Sprintf("cannot reach the API server %s: %v", server, u.request.Err)
}

func (u unanswered) Unwrap() error { return u.request }
