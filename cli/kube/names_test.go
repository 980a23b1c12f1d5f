package kube

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// page answers with a table of two names; there is another page if more is set.
func page(first, second, more string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		if r.Header.Get("Accept") != tableOf || query.Get("includeObject") != "None" || query.Get("limit") != fmt.Sprint(namesInPage) {
			w.WriteHeader(http.StatusNotAcceptable)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{"continue":%q},"rows":[{"cells":[%q,"1m"]},{"cells":[%q]}]}`,
			more, first, second)
	}
}

// Names come in pages that contain only names, and at most three pages are read.
func TestNames(t *testing.T) {
	for _, test := range []struct {
		answers  []http.HandlerFunc
		requests int
		names    string
	}{
		{[]http.HandlerFunc{page("a", "b", "")}, 1, "a b"},
		{[]http.HandlerFunc{page("a", "b", "x"), page("c", "d", "y"), page("e", "f", "")}, 3, "a b c d e f"},
		{[]http.HandlerFunc{page("a", "b", "x")}, pagesAtMost, ""},
	} {
		s := newServer(t, test.answers...)
		var notes []string
		names, err := connect(t, s.url, &notes).Names(t.Context(), MPIJobs, "ns")
		if !slices.Equal(names, strings.Fields(test.names)) || (test.names == "") != errors.Is(err, ErrTooMany) || len(s.sent()) != test.requests {
			t.Errorf("%v, got %q, %d requests", err, names, len(s.sent()))
		}
	}
}

// A user who may not list the jobs of a namespace reads why.
func TestNamesForbidden(t *testing.T) {
	const text = `mpijobs.kubeflow.org is forbidden: User "bob" cannot list resource "mpijobs" in API group "kubeflow.org" in the namespace "ns"`
	s := newServer(t, status(403, "Forbidden", text), func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	s.answers = append(s.answers, s.answers[0])
	var notes []string
	client := connect(t, s.url, &notes)
	_, err := client.Names(t.Context(), MPIJobs, "ns")
	if got := client.Explain(err); !strings.HasPrefix(got, "bob is not allowed to list mpijobs in namespace ns") || s.methods() != "GET GET" {
		t.Errorf("got %s after %q", got, s.sent())
	}
}
