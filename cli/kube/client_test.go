package kube

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// A server stands in for the API server: it answers the requests in order, the last answer from then on.
type server struct {
	url     string
	answers []http.HandlerFunc

	mutex    sync.Mutex
	requests []string // method and body
	paths    []string
	manager  string // the field manager of the creation
}

func newServer(t *testing.T, answers ...http.HandlerFunc) *server {
	t.Helper()
	s := &server{answers: answers}
	served := httptest.NewServer(s)
	t.Cleanup(served.Close)
	s.url = served.URL
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mutex.Lock()
	if manager := r.URL.Query().Get("fieldManager"); manager != "" {
		s.manager = manager
	}
	answer := s.answers[min(len(s.requests), len(s.answers)-1)]
	s.requests = append(s.requests, r.Method+" "+string(body))
	s.paths = append(s.paths, r.URL.Path)
	s.mutex.Unlock()
	answer(w, r)
}

// sent returns the requests so far.
func (s *server) sent() []string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return slices.Clone(s.requests)
}

func (s *server) methods() string {
	var methods []string
	for _, request := range s.sent() {
		method, _, _ := strings.Cut(request, " ")
		methods = append(methods, method)
	}
	return strings.Join(methods, " ")
}

// status answers with a status of the API server.
func status(code int, reason, message string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","code":%d,"reason":%q,"message":%q,"details":{"name":"dist1"}}`,
			code, reason, message)
	}
}

// code answers without a status of the API server, as a proxy does.
func code(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// later answers as another handler does, and asks to wait for a second.
func later(answer http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "1")
		answer(w, r)
	}
}

// cut reads the request and closes the connection.
func cut(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// reset reads the request and resets the connection.
func reset(w http.ResponseWriter, _ *http.Request) {
	connection, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = connection.(*net.TCPConn).SetLinger(0)
		_ = connection.Close()
	}
}

// half closes the connection in the middle of an answer.
func half(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", "1000")
	fmt.Fprint(w, `{"apiVersion":`)
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

// started closes the connection in the middle of the headers of an answer.
func started(w http.ResponseWriter, _ *http.Request) {
	connection, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		fmt.Fprint(connection, "HTTP/1.1 200 OK\r\nContent-Type: appl")
		connection.Close()
	}
}

// stored answers with the job, which the manager created; "" is that of the last creation.
func (s *server) stored(manager string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		s.mutex.Lock()
		defer s.mutex.Unlock()
		if manager == "" {
			manager = s.manager
		}
		fmt.Fprintf(w, `{"apiVersion":"kubeflow.org/v2beta1","kind":"MPIJob","metadata":{"name":"dist1","uid":"1","managedFields":[{"manager":%q}]}}`,
			manager)
	}
}

// connect returns a client that appends what it says to the user.
func connect(t *testing.T, url string, notes *[]string) *Client {
	t.Helper()
	return connectNoting(t, url, func(text string) { *notes = append(*notes, text) })
}

func connectNoting(t *testing.T, url string, note func(string)) *Client {
	t.Helper()
	return connectWith(t, url, "", ConnectOptions{Note: note})
}

// connectWith returns the client of a user of a kubeconfig, "" for one without credentials.
func connectWith(t *testing.T, url, user string, options ConnectOptions) *Client {
	t.Helper()
	options.Kubeconfig = filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: x, clusters: [{name: c, cluster: {server: %q}}],
contexts: [{name: x, context: {cluster: c, user: u}}], users: [{name: u, user: %s}]}`, url, cmp.Or(user, "{}"))
	if err := os.WriteFile(options.Kubeconfig, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	options.Log = slog.New(slog.DiscardHandler)
	if options.Warn == nil {
		options.Warn = func(string) {}
	}
	client, err := Connect(options)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func job() *unstructured.Unstructured {
	object := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "kubeflow.org/v2beta1", "kind": "MPIJob"}}
	object.SetName("dist1")
	object.SetNamespace("ns")
	object.SetUID("1")
	return object
}

// A call sends a request for the job or for a pod.
type call func(context.Context, *Client) error

func getJob(ctx context.Context, c *Client) error {
	_, err := c.Get(ctx, MPIJobs, "ns", "dist1")
	return err
}

func createJob(ctx context.Context, c *Client) error {
	_, err := c.Create(ctx, MPIJobs, job(), false)
	return err
}

func deleteJob(ctx context.Context, c *Client) error { return c.Delete(ctx, MPIJobs, job(), false) }

func execInPod(ctx context.Context, c *Client) error {
	return c.Exec(ctx, Container{"ns", "pod", "mpi"}, []string{"ls"}, Streams{Stdout: io.Discard})
}
