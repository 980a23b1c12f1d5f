package kube

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"path"
	"time"

	"k8s.io/client-go/rest"
)

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
