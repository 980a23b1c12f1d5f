package kube

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
)

// webPage answers as a proxy does.
func webPage(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(code)
		fmt.Fprintf(w, "<html>\n<h1>%s</h1>\n</html>\n", http.StatusText(code))
	}
}

// redirecting answers as a proxy with a login does, or one for users who forgot an "s".
func redirecting(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "https://login.example.com/?state=secret")
		w.WriteHeader(code)
	}
}

// The API server does not answer with web pages: nothing succeeds with the page of a proxy, and nobody reads it.
func TestPages(t *testing.T) {
	requests := map[string]call{
		"get": getJob, "create": createJob, "delete": deleteJob, "exec": execInPod,
		"pods": func(ctx context.Context, c *Client) error { _, err := c.JobPods(ctx, "ns", "dist1"); return err },
		"logs": func(ctx context.Context, c *Client) error {
			_, err := c.Logs(ctx, "ns", "pod", LogOptions{})
			return err
		},
	}
	for _, test := range []struct {
		answer    http.HandlerFunc
		want      string
		isUnknown bool // whether a job was created
	}{
		{webPage(200), "a proxy answered with a web page (200 OK)", false},
		{webPage(403), "a proxy answered with a web page (403 Forbidden)", false},
		{webPage(404), "a proxy answered with a web page (404 Not Found)", false},
		{webPage(500), "a proxy answered with a web page (500 Internal Server Error)", true},
		{redirecting(301), "a proxy redirects to https://login.example.com", false},
		{redirecting(302), "a proxy redirects to https://login.example.com", false},
		{redirecting(307), "a proxy redirects to https://login.example.com", false},
	} {
		for name, request := range requests {
			client := connectWith(t, newServer(t, test.answer).url, "", ConnectOptions{})
			err := request(t.Context(), client)
			want := fmt.Sprintf("cannot reach the API server %s: %s; check the network and the kubeconfig", client.server, test.want)
			if err == nil || client.Explain(err) != want {
				t.Errorf("%s: got %v, want %s", name, err, want)
			}
			if errors.Is(err, ErrUnknown) != (name == "create" && test.isUnknown) {
				t.Errorf("%s, %s: %v", name, test.want, err)
			}
		}
	}
}

// A watch ends at once if a login or a console answers, as other commands do, but not while a proxy has no API server.
func TestWatchOfPages(t *testing.T) {
	for code, isTemporary := range map[int]bool{200: false, 302: false, 403: false, 500: true, 502: true, 503: true} {
		answer := webPage(code)
		if code == 302 {
			answer = redirecting(code)
		}
		s := newServer(t, answer)
		w := connectNoting(t, s.url, func(string) {}).WatchJobs(t.Context(), "ns")
		awaiting(t, w, "an end or a trouble", func() bool { return w.Err() != nil || isTemporary && w.Trouble() != "" })
		if (w.Err() == nil) != isTemporary {
			t.Errorf("%d: %v, %s", code, w.Err(), w.Trouble())
		}
	}
}

// What a gateway answers in plain text, or with nothing, is not repeated to the user.
func TestExplainGateways(t *testing.T) {
	for _, code := range []int{502, 503, 504} {
		for _, text := range []string{"", "no healthy upstream"} {
			s := newServer(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, text, code) })
			client := connectNoting(t, s.url, func(string) {})
			_, err := client.Get(Once(t.Context()), MPIJobs, "ns", "dist1")
			want := "the API server " + s.url + " is not available: try again in a moment"
			if err == nil || client.Explain(err) != want {
				t.Errorf("%d %q: got %v, want %s", code, text, err, want)
			}
		}
	}
}

// Proxies have pages for API servers that are down for a moment.
func TestTemporaryPages(t *testing.T) {
	for code, requests := range map[int]string{429: "POST POST", 502: "POST POST GET", 503: "POST POST", 504: "POST POST GET"} {
		s := newServer(t)
		s.answers = []http.HandlerFunc{webPage(code), taken, s.stored("")}
		if code == 429 || code == 503 {
			s.answers[1] = s.stored("")
		}
		_, err := connectNoting(t, s.url, func(string) {}).Create(t.Context(), MPIJobs, job(), false)
		if err != nil || s.methods() != requests {
			t.Errorf("%d: %v, requests %q", code, err, s.methods())
		}
	}
}

// Where nothing serves the resource, nothing is known about the object.
func TestNoResourceIsNoAbsence(t *testing.T) {
	s := newServer(t, http.NotFound)
	client := connectNoting(t, s.url, func(string) {})
	if err := client.Delete(t.Context(), MPIJobs, job(), false); !isNoResource(err) {
		t.Errorf("got %v", err)
	}
	s = newServer(t, cut, status(422, "Invalid", "no"), http.NotFound)
	client = connectNoting(t, s.url, func(string) {})
	if _, err := client.Create(t.Context(), MPIJobs, job(), false); !isUnknown(err) || s.methods() != "POST POST GET" {
		t.Errorf("%v, requests %q", err, s.methods())
	}
}
