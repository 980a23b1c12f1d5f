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
	"path"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/rest"
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
	case isPage && !isTemporaryCode(page.code):
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
	text, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil {
		return networkError{err}
	}
	response.Body = io.NopCloser(bytes.NewReader(text))
	return nil
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

// isTemporaryCode reports whether an answer alone says that the request may succeed in a moment.
func isTemporaryCode(code int) bool {
	return code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable || isGateway(code)
}

// isGateway reports whether an answer is that of a gateway which got none from the API server.
func isGateway(code int) bool {
	return code == http.StatusBadGateway || code == http.StatusGatewayTimeout
}

// statusOf returns the status in an answer, which stays readable. The answer of a proxy has none.
func statusOf(response *http.Response) (status metav1.Status) {
	text, _ := io.ReadAll(response.Body) // the rest of a proxy's page does not matter
	response.Body.Close()
	response.Body = io.NopCloser(bytes.NewReader(text))
	_, _, _ = statuses.Decode(text, nil, &status)
	return status
}

// statuses decodes statuses from JSON and protobuf.
var statuses = func() runtime.Decoder {
	scheme := runtime.NewScheme()
	metav1.AddToGroupVersion(scheme, corev1.SchemeGroupVersion)
	return serializer.NewCodecFactory(scheme).UniversalDeserializer()
}()

// rolesTime is how long a user without permissions, also for what everybody may do, may be one whose roles are not known
// yet. It is short because an administrator may have taken that permission from everybody.
const rolesTime = 5 * time.Second

// whyForbidden returns why an API server may have refused what the user is allowed to do, or "" if it meant it: one that
// starts refuses everybody until it has read the roles, also to ask whether it is ready.
func (r *retrying) whyForbidden(ctx context.Context, response *http.Response) string {
	message := statusOf(response).Message
	_, verb, _, _, isRole := forbiddenBy(message)
	isReady := !isNotReady(message)
	if isReady && isRole && verb != "impersonate" {
		code := r.readiness(ctx)
		isOpen := code == http.StatusForbidden && attemptOf(ctx).isRefusedFor() < rolesTime
		isReady = !isOpen && code < http.StatusInternalServerError
	}
	if isReady {
		return ""
	}
	return fmt.Sprintf("the API server %s is not ready", r.server)
}

// readiness asks the API server as the user of the request whether it is ready. It returns the code of the answer.
func (r *retrying) readiness(ctx context.Context) int {
	address, _, err := rest.DefaultServerUrlFor(r.config)
	if err != nil {
		return 0
	}
	ctx, cancel := context.WithTimeout(ctx, rolesTime)
	defer cancel()
	address.Path = path.Join("/", address.Path, "readyz")
	question := attemptOf(ctx).request.Clone(ctx)
	question.Method, question.URL, question.Body, question.ContentLength = http.MethodGet, address, nil, 0
	answer, err := r.next.RoundTrip(question)
	if page, isPage := pageOf(err); isPage {
		return page.code
	}
	if err != nil {
		return http.StatusServiceUnavailable
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode
}
