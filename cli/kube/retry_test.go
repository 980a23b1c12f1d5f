package kube

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

var (
	webhookIsDown = status(500, "InternalError", `Internal error occurred: failed calling webhook "jobs.example.com": failed to call webhook: Post: EOF`)
	unknownYet    = status(503, "ServiceUnavailable", `admission webhook "jobs.example.com" denied the request: the project is not known yet`)
	overloaded    = status(429, "TooManyRequests", "too many requests")
	missing       = status(404, "NotFound", `mpijobs.kubeflow.org "dist1" not found`)
	forbidden     = status(403, "Forbidden", "no")
	taken         = status(409, "AlreadyExists", `mpijobs.kubeflow.org "dist1" already exists`)
)

// Every kind of request is repeated unchanged while something is down, and the user is told what.
func TestRetries(t *testing.T) {
	requests := map[string]call{http.MethodPost: createJob, http.MethodGet: getJob, http.MethodDelete: deleteJob}
	for what, down := range map[string]http.HandlerFunc{
		"webhook jobs.example.com does not respond": webhookIsDown,
		"the project is not known yet":              unknownYet,
		"the API server URL is overloaded":          overloaded,
		"the API server URL is not available":       code(503),
		"etcd has no leader":                        later(status(500, "ServerTimeout", "etcd has no leader")),
		"the request took too long":                 status(504, "Timeout", "the request took too long"),
	} {
		for method, request := range requests {
			t.Run(method+", "+what, func(t *testing.T) {
				t.Parallel()
				s := newServer(t)
				s.answers = []http.HandlerFunc{down, later(down), s.stored("")}
				var notes []string
				if err := request(t.Context(), connect(t, s.url, &notes)); err != nil {
					t.Error(err)
				}
				if sent := s.sent(); len(sent) != 3 || len(slices.Compact(slices.Clone(sent))) != 1 {
					t.Errorf("got %q", sent)
				}
				want := "trying again for up to 30 seconds: " + strings.Replace(what, "URL", s.url, 1)
				if !slices.Equal(notes, []string{want}) {
					t.Errorf("got %q, want %s", notes, want)
				}
			})
		}
	}
}

// What will not change in a moment is not repeated.
func TestNoRetries(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"refused":   status(422, "Invalid", "no"),
		"forbidden": forbidden,
		"a bug":     status(500, "InternalError", "no"),
		"taken":     taken,
		"bad":       status(400, "BadRequest", "no"),
	} {
		s := newServer(t, answer)
		var notes []string
		_, err := connect(t, s.url, &notes).Create(t.Context(), MPIJobs, job(), false)
		if err == nil || len(s.sent()) != 1 || len(notes) > 0 {
			t.Errorf("%s: %v, requests %q, notes %q", name, err, s.sent(), notes)
		}
	}
}

func TestInterruptionEndsRetries(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := newServer(t, later(unknownYet))
	client := connectNoting(t, s.url, func(string) { cancel() })
	_, err := client.Create(ctx, MPIJobs, job(), false)
	if !errors.Is(err, context.Canceled) || errors.Is(err, ErrUnknown) || s.methods() != "POST" {
		t.Errorf("%v, requests %q", err, s.sent())
	}
}

// A creation whose response does not say what happened is repeated or looked up, and nothing else is. None creates two
// jobs, and none fails for a job that it has created.
func TestLostCreations(t *testing.T) {
	for _, test := range []struct {
		name     string
		answers  func(s *server) []http.HandlerFunc
		requests string
		check    func(error) bool
	}{
		{"cut off, and another's", func(s *server) []http.HandlerFunc { return []http.HandlerFunc{cut, taken, s.stored("kubectl")} },
			"POST POST GET", apierrors.IsAlreadyExists},
		{"cut off after it was stored", func(s *server) []http.HandlerFunc { return []http.HandlerFunc{cut, taken, s.stored("")} },
			"POST POST GET", isNil},
		{"cut off before it was stored", func(s *server) []http.HandlerFunc { return []http.HandlerFunc{cut, s.stored("")} }, "POST POST", isNil},
		{"reset", func(s *server) []http.HandlerFunc { return []http.HandlerFunc{reset, reset, taken, s.stored("")} },
			"POST POST POST GET", isNil},
		{"half an answer", func(s *server) []http.HandlerFunc { return []http.HandlerFunc{half, taken, s.stored("")} }, "POST POST GET", isNil},
		{"half a header", func(s *server) []http.HandlerFunc { return []http.HandlerFunc{started, taken, s.stored("")} }, "POST POST GET", isNil},
		{"stored, and then refused", func(s *server) []http.HandlerFunc {
			return []http.HandlerFunc{cut, status(422, "Invalid", "no"), s.stored("")}
		}, "POST POST GET", isNil},
		{"not stored, and then refused", func(*server) []http.HandlerFunc {
			return []http.HandlerFunc{cut, status(422, "Invalid", "no"), missing}
		}, "POST POST GET GET GET GET GET GET", apierrors.IsInvalid},
		{"cut off, and nobody may look", func(*server) []http.HandlerFunc { return []http.HandlerFunc{cut, forbidden} }, "POST POST GET", isUnknown},
		{"timed out", func(s *server) []http.HandlerFunc {
			return []http.HandlerFunc{status(504, "Timeout", "timed out"), taken, s.stored("")}
		}, "POST POST GET", isNil},
		{"a gateway", func(s *server) []http.HandlerFunc {
			return []http.HandlerFunc{code(502), taken, s.stored("")}
		}, "POST POST GET", isNil},
		{"a gateway, and then refused", func(s *server) []http.HandlerFunc {
			return []http.HandlerFunc{code(504), status(422, "Invalid", "no"), s.stored("")}
		}, "POST POST GET", isNil},
		{"etcd timed out, and then refused", func(s *server) []http.HandlerFunc {
			return []http.HandlerFunc{later(status(500, "ServerTimeout", "etcd timed out")), status(422, "Invalid", "no"), s.stored("")}
		}, "POST POST GET", isNil},
		{"stored by the first try", func(s *server) []http.HandlerFunc {
			return []http.HandlerFunc{unknownYet, taken, s.stored("")}
		}, "POST POST GET", isNil},
		{"taken meanwhile", func(s *server) []http.HandlerFunc {
			return []http.HandlerFunc{unknownYet, taken, s.stored("kubectl")}
		}, "POST POST GET", apierrors.IsAlreadyExists},
		{"taken", func(*server) []http.HandlerFunc { return []http.HandlerFunc{taken} }, "POST", apierrors.IsAlreadyExists},
		{"no namespace", func(*server) []http.HandlerFunc { return []http.HandlerFunc{missing} }, "POST", apierrors.IsNotFound},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.answers = test.answers(s)
			var notes []string
			_, err := connect(t, s.url, &notes).Create(t.Context(), MPIJobs, job(), false)
			if !test.check(err) || s.methods() != test.requests {
				t.Errorf("%v, requests %q", err, s.sent())
			}
		})
	}
}

// A deletion whose answer was lost, and then finds nothing, has succeeded.
func TestLostDeletions(t *testing.T) {
	for name, lost := range map[string]http.HandlerFunc{"cut off": cut, "half an answer": half, "a gateway": code(504)} {
		s := newServer(t, lost, missing)
		err := connectNoting(t, s.url, func(string) {}).Delete(t.Context(), MPIJobs, job(), false)
		if err != nil || s.methods() != "DELETE DELETE" {
			t.Errorf("%s: %v, requests %q", name, err, s.methods())
		}
	}
}

// What asks to wait for longer than requests are retried fails at once, and nothing is repeated silently.
func TestLongRetryAfter(t *testing.T) {
	for _, after := range []string{"3600", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)} {
		for _, code := range []int{429, 500, 502, 503, 504, 507} {
			s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Retry-After", after)
				status(code, "InternalError", "no")(w, r)
			})
			var notes []string
			_, err := connect(t, s.url, &notes).Get(t.Context(), MPIJobs, "ns", "dist1")
			if err == nil || s.methods() != "GET" || len(notes) > 0 {
				t.Errorf("%s, %d: %v, requests %q, notes %q", after, code, err, s.methods(), notes)
			}
		}
	}
}

// The search for an object has its own time, also if the creation has used up all of its.
func TestSearchAfterLongCreation(t *testing.T) {
	s := newServer(t)
	var searches atomic.Int32 // a connection that is cut off orders nothing for the race detector
	s.answers = []http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			searches.Add(1)
		}
		if searches.Load() < 2 {
			cut(w, r)
		}
		w.Header().Set("Connection", "close")
		s.stored("")(w, r)
	}}
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		_, err := connectNoting(t, s.url, func(string) {}).Create(t.Context(), MPIJobs, job(), false)
		if took := time.Since(start); err != nil || took < retryTime-lastPause {
			t.Errorf("%v after %s", err, took)
		}
	})
}

func isNil(err error) bool     { return err == nil }
func isUnknown(err error) bool { return errors.Is(err, ErrUnknown) }

// A Secret is never read, not even to find out whether it was created.
func TestLostSecrets(t *testing.T) {
	for _, test := range []struct {
		name     string
		answers  []http.HandlerFunc
		requests string
		check    func(error) bool
	}{
		{"cut off", []http.HandlerFunc{cut, answers(`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"dist1"}}`)}, "POST POST", isNil},
		{"cut off, and taken", []http.HandlerFunc{cut, taken}, "POST POST", isUnknown},
		{"taken meanwhile", []http.HandlerFunc{unknownYet, taken}, "POST POST", apierrors.IsAlreadyExists},
	} {
		s := newServer(t, test.answers...)
		var notes []string
		_, err := connect(t, s.url, &notes).Create(t.Context(), Secrets, job(), false)
		if !test.check(err) || s.methods() != test.requests {
			t.Errorf("%s: %v, requests %q", test.name, err, s.sent())
		}
	}
}
