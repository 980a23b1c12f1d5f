package kube

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
)

// withoutPages makes an error of each web page: a proxy, a login or a console answered then, and not the API server. The
// client library would take a page for the success of a deletion, and print it whole if it is an error.
type withoutPages struct{ next http.RoundTripper }

func (w withoutPages) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := w.next.RoundTrip(request)
	if err != nil || !isPage(response) {
		return response, err
	}
	response.Body.Close()
	return nil, networkError{pageError{response.StatusCode}}
}

// isPage reports whether an answer is a web page. Redirections are followed, and credentials refreshed after a 401.
func isPage(response *http.Response) bool {
	isFollowed := response.Header.Get("Location") != "" || response.StatusCode == http.StatusUnauthorized
	kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	return kind == "text/html" && !isFollowed
}

// A pageError is the error of a request that was answered with a web page.
type pageError struct{ code int }

func (e pageError) Error() string {
	return fmt.Sprintf("a proxy answered with a web page (%d %s)", e.code, http.StatusText(e.code))
}

// isLost reports whether the proxy may have passed on the request.
func (e pageError) isLost() bool {
	return e.code == http.StatusInternalServerError || isGateway(e.code)
}

// pageOf returns the page that is an error, if it is one.
func pageOf(err error) (page pageError, is bool) {
	return page, errors.As(err, &page)
}
