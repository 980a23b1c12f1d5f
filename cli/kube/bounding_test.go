package kube

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
)

// hang reads the request and never answers it.
func hang(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

// A request without an answer ends after --request-timeout, and says so. The job that it may have created is looked for.
func TestRequestTimeout(t *testing.T) {
	s := newServer(t, hang)
	client := connectWith(t, s.url, "", ConnectOptions{Timeout: "50ms"})
	_, err := client.Get(t.Context(), MPIJobs, "ns", "dist1")
	want := "the API server " + s.url + " gave no answer within 50ms (--request-timeout): try again, or wait longer"
	if got := client.Explain(err); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	s = newServer(t)
	s.answers = []http.HandlerFunc{hang, s.stored("")}
	client = connectWith(t, s.url, "", ConnectOptions{Timeout: "50ms"})
	if _, err := client.Create(t.Context(), MPIJobs, job(), false); err != nil || s.methods() != "POST GET" {
		t.Errorf("%v, requests %q", err, s.methods())
	}
}

// A log that is followed lasts longer than --request-timeout; one that is not has no more time than other answers.
func TestTimeoutOfLogs(t *testing.T) {
	slow := func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "first\n")
		w.(http.Flusher).Flush()
		select {
		case <-time.After(300 * time.Millisecond):
		case <-r.Context().Done():
		}
		_, _ = io.WriteString(w, "last\n")
	}
	client := connectWith(t, newServer(t, slow).url, "", ConnectOptions{Timeout: "50ms"})
	for follow, want := range map[bool]string{true: "first\nlast\n", false: "first\n"} {
		stream, err := client.Logs(t.Context(), "ns", "pod", LogOptions{Follow: follow})
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(stream)
		stream.Close()
		var late lateError
		if string(text) != want || errors.As(err, &late) == follow {
			t.Errorf("follow %v: %v, got %q", follow, err, text)
		}
	}
}

// A credential plugin that hangs does not keep a command from being interrupted.
func TestHangingPluginIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := newServer(t, hang)
	user := `{exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: sleep, args: ["5"]}}`
	client := connectWith(t, strings.Replace(s.url, "http:", "https:", 1), user, ConnectOptions{})
	time.AfterFunc(50*time.Millisecond, cancel)
	_, err := client.Create(ctx, MPIJobs, job(), false)
	if client.Explain(err) != "interrupted" || errors.Is(err, ErrUnknown) || s.methods() != "" {
		t.Errorf("%v, requests %q", err, s.methods())
	}
}

// A warning that several answers have is said once.
func TestWarningsOnce(t *testing.T) {
	s := newServer(t)
	s.answers = []http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Warning", `299 - "one"`)
		w.Header().Add("Warning", `299 - "other"`)
		s.stored("")(w, r)
	}}
	var said []string
	client := connectWith(t, s.url, "", ConnectOptions{Warn: func(text string) { said = append(said, text) }})
	for range 2 {
		if _, err := client.Get(t.Context(), MPIJobs, "ns", "dist1"); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Join(said, " ") != "one other" {
		t.Errorf("got %q", said)
	}
}

// The end of a time that the program set itself is told in its own words; that of the network is the network's.
func TestExplainDeadline(t *testing.T) {
	client := &Client{server: "https://api"}
	for _, test := range []struct {
		err  error
		want string
	}{
		{&url.Error{Op: "Delete", URL: "https://api/x", Err: context.DeadlineExceeded}, "the API server https://api did not answer in time: try again"},
		{networkError{os.ErrDeadlineExceeded}, "cannot reach the API server https://api: i/o timeout; check the network and the kubeconfig"},
	} {
		if got := client.Explain(test.err); got != test.want {
			t.Errorf("got %s", got)
		}
	}
}
