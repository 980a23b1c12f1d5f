package kube

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

var noRole = status(403, "Forbidden",
	`mpijobs.kubeflow.org is forbidden: User "bob" cannot create resource "mpijobs" in API group "kubeflow.org" in the namespace "ns"`)

// An API server that starts refuses everybody until it has read the roles. Then a refusal is meant.
func TestRefusedWhileStarting(t *testing.T) {
	for _, test := range []struct {
		name     string
		answers  func(*server) []http.HandlerFunc
		requests string
		refused  bool
	}{
		{"no roles yet", func(s *server) []http.HandlerFunc { return []http.HandlerFunc{noRole, code(403), s.stored("")} }, "POST GET POST", false},
		{"not ready", func(s *server) []http.HandlerFunc {
			return []http.HandlerFunc{noRole, code(403), noRole, code(500), s.stored("")}
		}, "POST GET POST GET POST", false},
		{"ready", func(*server) []http.HandlerFunc { return []http.HandlerFunc{noRole, code(200)} }, "POST GET", true},
		{"ready in the end", func(*server) []http.HandlerFunc { return []http.HandlerFunc{noRole, code(403), noRole, code(200)} },
			"POST GET POST GET", true},
		{"nobody may ask", func(*server) []http.HandlerFunc { return []http.HandlerFunc{noRole, code(404)} }, "POST GET", true},
		{"an admission plugin is not ready", func(s *server) []http.HandlerFunc {
			return []http.HandlerFunc{status(403, "Forbidden", `mpijobs.kubeflow.org "dist1" is forbidden: not yet ready to handle request`), s.stored("")}
		}, "POST POST", false},
		{"a quota", func(*server) []http.HandlerFunc { return []http.HandlerFunc{forbidden} }, "POST", true},
		{"impersonation", func(*server) []http.HandlerFunc {
			return []http.HandlerFunc{status(403, "Forbidden", `users "eve" is forbidden: User "bob" cannot impersonate resource "users" in API group ""`)}
		}, "POST", true},
	} {
		for prefix, want := range map[string]string{"": "/readyz", "/": "/readyz", "/clusters/a/": "/clusters/a/readyz"} {
			t.Run(test.name+prefix, func(t *testing.T) {
				t.Parallel()
				s := newServer(t)
				s.answers = test.answers(s)
				var notes []string
				_, err := connect(t, s.url+prefix, &notes).Create(t.Context(), MPIJobs, job(), false)
				if IsForbidden(err) != test.refused || err != nil != test.refused || s.methods() != test.requests || len(notes) > 0 {
					t.Errorf("%v, requests %q, notes %q", err, s.sent(), notes)
				}
				if strings.Contains(test.requests, "GET") && s.paths[1] != want {
					t.Errorf("got %s", s.paths)
				}
			})
		}
	}
}

// refuses answers as an API server, without the request in the answer, as SPDY's transport does.
func refuses(request *http.Request) (*http.Response, error) {
	recorder := httptest.NewRecorder()
	noRole(recorder, request)
	return recorder.Result(), nil
}

// Where nobody is allowed to ask whether the API server is ready, a refusal is believed after a few seconds.
func TestRefusedWithoutReadiness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		if code, err := retried(t.Context(), t, roundTrip(refuses)); code != http.StatusForbidden {
			t.Errorf("got %d, %v", code, err)
		}
		if took := time.Since(start); took < rolesTime-lastPause || took > rolesTime+lastPause {
			t.Errorf("took %s", took)
		}
	})
}

// An API server that does not say whether it is ready keeps nobody waiting for longer than one that is not.
func TestRefusedWithHangingReadiness(t *testing.T) {
	hangs := roundTrip(func(request *http.Request) (*http.Response, error) {
		if request.URL.Path == "/readyz" {
			<-request.Context().Done()
			return nil, networkError{request.Context().Err()}
		}
		return refuses(request)
	})
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if code, err := retried(ctx, t, hangs); code != http.StatusForbidden || ctx.Err() != nil {
			t.Errorf("got %d, %v, %v", code, err, ctx.Err())
		}
	})
}

// A proxy that does not pass on questions about readiness does not make a refusal temporary.
func TestPageInsteadOfReadiness(t *testing.T) {
	s := newServer(t, noRole, webPage(404))
	_, err := connectNoting(t, s.url, func(string) {}).Get(t.Context(), MPIJobs, "ns", "dist1")
	if !apierrors.IsForbidden(err) || s.methods() != "GET GET" {
		t.Errorf("%v, requests %q", err, s.methods())
	}
}
