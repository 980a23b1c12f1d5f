package kube

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilnet "k8s.io/apimachinery/pkg/util/net"
)

// An outage is what a request met that is down for a moment.
type outage struct {
	text   string // "": nothing
	isLost bool   // there was no answer, or one that leaves open what happened
	atOnce bool   // tell the user at once: nobody listens, and the address may be wrong
}

// outageOf returns what a request met. A name without an address, an invalid certificate and the like are not outages:
// waiting does not help.
func (r *retrying) outageOf(ctx context.Context, response *http.Response, err error) outage {
	var network networkError
	page, isPage := pageOf(err)
	switch {
	case err == nil && response.StatusCode == http.StatusForbidden:
		return outage{text: r.whyForbidden(ctx, response)}
	case err == nil:
		return r.whatIsDown(response)
	case !errors.As(err, &network):
		return outage{}
	case isPage && !isOutageCode(page.code):
		return outage{isLost: page.isLost()}
	case isPage:
		return outage{text: fmt.Sprintf("cannot reach the API server %s: %s", r.server, network), isLost: page.isLost()}
	case utilnet.IsConnectionRefused(err):
		return outage{text: fmt.Sprintf("cannot reach the API server %s: %s", r.server, network), atOnce: true}
	case network.isCutOff():
		return outage{text: fmt.Sprintf("the API server %s closed the connection", r.server), isLost: true}
	}
	return outage{isLost: true}
}

// readWhole reads an object, so that an answer that is cut off counts as lost. Logs are not read: nobody knows how long
// they are.
func readWhole(response *http.Response) error {
	kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if kind != runtime.ContentTypeJSON && kind != runtime.ContentTypeProtobuf {
		return nil
	}
	if _, err := readBody(response); err != nil {
		return networkError{err}
	}
	return nil
}

// readBody returns the body of an answer, which stays readable.
func readBody(response *http.Response) ([]byte, error) {
	text, err := io.ReadAll(response.Body)
	response.Body.Close()
	response.Body = io.NopCloser(bytes.NewReader(text))
	return text, err
}

// whatIsDown returns why a request was refused for the moment, if it was. The answer says whether a change may have been
// made: not if there were too many requests, if something was not available or if a webhook did not respond.
func (r *retrying) whatIsDown(response *http.Response) outage {
	code := response.StatusCode
	if code != http.StatusTooManyRequests && code < http.StatusInternalServerError {
		return outage{}
	}
	message := statusOf(response).Message
	text := cmp.Or(withoutWebhook(message), fmt.Sprintf("the API server %s is not available", r.server))
	webhook := silentWebhook(message)
	switch {
	case webhook != "":
		return outage{text: fmt.Sprintf("webhook %s does not respond", webhook)}
	case code == http.StatusTooManyRequests:
		return outage{text: fmt.Sprintf("the API server %s is overloaded", r.server)}
	case code == http.StatusServiceUnavailable:
		return outage{text: text}
	case isGateway(code), response.Header.Get("Retry-After") != "":
		return outage{text: text, isLost: true}
	}
	return outage{}
}

// isOutageCode reports whether an answer alone says that something is down for a moment.
func isOutageCode(code int) bool {
	return code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable || isGateway(code)
}

// isGateway reports whether an answer is that of a gateway which got none from the API server.
func isGateway(code int) bool {
	return code == http.StatusBadGateway || code == http.StatusGatewayTimeout
}

// statusOf returns the status in an answer. The answer of a proxy has none.
func statusOf(response *http.Response) (status metav1.Status) {
	text, _ := readBody(response) // the rest of a proxy's page does not matter
	_, _, _ = statuses.Decode(text, nil, &status)
	return status
}

// statuses decodes statuses from JSON and protobuf.
var statuses = func() runtime.Decoder {
	scheme := runtime.NewScheme()
	metav1.AddToGroupVersion(scheme, corev1.SchemeGroupVersion)
	return serializer.NewCodecFactory(scheme).UniversalDeserializer()
}()
