package kube

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// A watched server has one job and its pods. Its watches last until the server is closed.
type watched struct {
	mutex  sync.Mutex
	refuse http.HandlerFunc // answers watches, if it is set
	events chan string      // of the job
}

func (s *watched) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mutex.Lock()
	refuse := s.refuse
	s.mutex.Unlock()
	query, isPods := r.URL.Query(), strings.HasSuffix(r.URL.Path, "/pods")
	switch {
	case refuse != nil && (query.Get("watch") != "" || !strings.Contains(r.URL.Path, "mpijobs")):
		refuse(w, r)
	case query.Get("sendInitialEvents") != "":
		status(422, "Invalid", "sendInitialEvents is forbidden for this server")(w, r)
	case query.Get("watch") == "" && isPods:
		answers(`{"apiVersion":"v1","kind":"PodList","metadata":{"resourceVersion":"1"},"items":[`+podText+`]}`)(w, r)
	case query.Get("watch") == "":
		answers(`{"apiVersion":"kubeflow.org/v2beta1","kind":"MPIJobList","metadata":{"resourceVersion":"1"},"items":[`+jobText("1")+`]}`)(w, r)
	default:
		s.stream(w, r, isPods)
	}
}

func (s *watched) stream(w http.ResponseWriter, r *http.Request, isPods bool) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	w.(http.Flusher).Flush()
	events := s.events
	if isPods {
		events = nil
	}
	for {
		select {
		case <-r.Context().Done():
			return
		case event := <-events:
			fmt.Fprintln(w, event)
			w.(http.Flusher).Flush()
		}
	}
}

const podText = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"dist1-worker-0","namespace":"ns","resourceVersion":"1"}}`

func jobText(version string) string {
	return fmt.Sprintf(`{"apiVersion":"kubeflow.org/v2beta1","kind":"MPIJob",
		"metadata":{"name":"dist1","namespace":"ns","uid":"1","resourceVersion":%q}}`, version)
}

func event(kind, version string) string {
	return strings.ReplaceAll(fmt.Sprintf(`{"type":%q,"object":%s}`, kind, jobText(version)), "\n", "")
}

// awaiting waits for a change after which a condition holds.
func awaiting(t *testing.T, w *Watch, what string, condition func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	for {
		next := w.Next()
		if condition() {
			return
		}
		select {
		case <-next:
		case <-deadline:
			t.Fatalf("not within a minute: %s; %v, trouble %q, error %v", what, w.IsComplete(), w.Trouble(), w.Err())
		}
	}
}

func TestWatch(t *testing.T) {
	s := &watched{events: make(chan string)}
	served := httptest.NewServer(s)
	t.Cleanup(served.Close)
	t.Cleanup(served.CloseClientConnections)
	w := connect(t, served.URL, new([]string)).WatchJob(t.Context(), "ns", "dist1")
	awaiting(t, w, "complete", w.IsComplete)
	if len(w.Jobs()) != 1 || len(w.Pods()) != 1 || w.Pods()[0].Name != "dist1-worker-0" {
		t.Errorf("%d jobs, %d pods", len(w.Jobs()), len(w.Pods()))
	}
	s.events <- event("MODIFIED", "2")
	awaiting(t, w, "modified", func() bool { return w.Jobs()[0].ResourceVersion == "2" })
	s.events <- event("DELETED", "3")
	awaiting(t, w, "deleted", func() bool { return len(w.Jobs()) == 0 })
	if w.Trouble() != "" || w.Err() != nil {
		t.Errorf("trouble %q, error %v", w.Trouble(), w.Err())
	}
}

// A user without the permission, or with an expired token, gets the error at once.
func TestWatchRefused(t *testing.T) {
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		check  func(error) bool
	}{
		"no permission":     {forbidden, apierrors.IsForbidden},
		"an expired token":  {status(401, "Unauthorized", "Unauthorized"), apierrors.IsUnauthorized},
		"no such resource":  {status(404, "NotFound", "the server could not find the requested resource"), apierrors.IsNotFound},
		"refused by a rule": {status(400, "BadRequest", "field label not supported"), apierrors.IsBadRequest},
	} {
		s := &watched{refuse: test.answer}
		served := httptest.NewServer(s)
		w := connect(t, served.URL, new([]string)).WatchJobs(t.Context(), "")
		awaiting(t, w, name, func() bool { return w.Err() != nil })
		if !test.check(w.Err()) {
			t.Errorf("%s: %v", name, w.Err())
		}
		served.CloseClientConnections()
		served.Close()
	}
}

// A watch says what is wrong while the API server is away, and goes on when it is back.
func TestWatchOutage(t *testing.T) {
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"cut":        {cut, "cannot reach the API server URL: it closed the connection; trying again"},
		"starting":   {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, "the API server URL is not available; trying again"},
		"overloaded": {later(overloaded), "the API server URL is overloaded; trying again"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &watched{refuse: test.answer, events: make(chan string)}
			served := httptest.NewServer(s)
			t.Cleanup(served.Close)
			t.Cleanup(served.CloseClientConnections)
			w := connect(t, served.URL, new([]string)).WatchJob(t.Context(), "ns", "dist1")
			want := strings.Replace(test.want, "URL", served.URL, 1)
			awaiting(t, w, want, func() bool { return w.Trouble() == want })
			s.mutex.Lock()
			s.refuse = nil
			s.mutex.Unlock()
			awaiting(t, w, "back", func() bool { return w.IsComplete() && w.Trouble() == "" })
		})
	}
}

func TestWatchUnreachable(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	w := connect(t, "http://"+address, new([]string)).WatchJob(t.Context(), "ns", "dist1")
	awaiting(t, w, "unreachable", func() bool { return strings.HasSuffix(w.Trouble(), "connection refused; trying again") })
	listener, err = net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	served := &httptest.Server{Listener: listener, Config: &http.Server{Handler: &watched{}}}
	served.Start()
	t.Cleanup(served.Close)
	t.Cleanup(served.CloseClientConnections)
	awaiting(t, w, "back", func() bool { return w.IsComplete() && w.Trouble() == "" })
}

// A refusal ends a watch that has worked only if it lasts.
func TestPatience(t *testing.T) {
	start := time.Now()
	refused := apierrors.NewForbidden(schema.GroupResource{}, "dist1", errors.New("no"))
	down := apierrors.NewServiceUnavailable("down")
	h := Health{}
	for _, step := range []struct {
		err               error
		at                time.Duration
		changed, hopeless bool
	}{
		{down, 0, true, false},
		{down, 100 * time.Second, false, false},
		{nil, 101 * time.Second, true, false},
		{nil, 102 * time.Second, false, false},
		{refused, 200 * time.Second, true, false},
		{refused, 214 * time.Second, false, false},
		{down, 215 * time.Second, true, false},
		{refused, 216 * time.Second, true, false},
		{refused, 231 * time.Second, false, false},
		{refused, 232 * time.Second, false, true},
	} {
		if changed, hopeless := h.Observe(step.err, start.Add(step.at)); changed != step.changed || hopeless != step.hopeless {
			t.Errorf("%s, %v: changed %t, hopeless %t", step.at, step.err, changed, hopeless)
		}
	}
}
