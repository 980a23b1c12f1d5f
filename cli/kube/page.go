package kube

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
)

// onlyAnswers makes an error of each web page and each redirection: a proxy, a login or a console answered then, and not
// the API server. The client library would take a page for the success of a deletion, and print it whole if it is an
// error. It would make a GET of a deletion that is redirected.
type onlyAnswers struct{ next http.RoundTripper }

func (o onlyAnswers) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := o.next.RoundTrip(request)
	if err != nil || !isRedirection(response) && !isPage(response) {
		return response, err
	}
	response.Body.Close()
	page := pageError{code: response.StatusCode}
	if target, err := request.URL.Parse(response.Header.Get("Location")); err == nil && isRedirection(response) {
		page.target = target.Scheme + "://" + target.Host
	}
	return nil, networkError{page}
}

func isRedirection(response *http.Response) bool {
	return response.StatusCode/100 == 3 && response.Header.Get("Location") != ""
}

// isPage reports whether an answer is a web page. After a 401 the client library gets new credentials.
func isPage(response *http.Response) bool {
	kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	return kind == "text/html" && response.StatusCode != http.StatusUnauthorized
}

// A pageError is the error of a request that something else than the API server answered.
type pageError struct {
	code   int
	target string // of a redirection, without what may be secret
}

func (e pageError) Error() string {
	if e.target != "" {
		return "a proxy redirects to " + e.target
	}
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
