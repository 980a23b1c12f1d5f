package kube

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/client-go/rest"
)

// refusing returns an address at which nobody listens.
func refusing(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	return listener.Addr().String()
}

// closing returns an address at which every connection is closed, as by a load balancer without API servers.
func closing(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			connection.Close()
		}
	}()
	return listener.Addr().String()
}

// While an API server restarts, nobody listens. The user is told at once, because the address may be wrong. What is sent
// again is what was sent, also if it opens a session.
func TestRefusedConnections(t *testing.T) {
	for name, request := range map[string]call{
		"create": createJob,
		"exec": func(ctx context.Context, c *Client) error {
			if err := execInPod(ctx, c); !IsMissing(err) {
				return fmt.Errorf("got %w", err)
			}
			return nil
		},
	} {
		address := refusing(t)
		s := &server{url: "http://" + address}
		s.answers = []http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Upgrade") != "" {
				missing(w, r)
				return
			}
			s.stored("")(w, r)
		}}
		served := httptest.NewUnstartedServer(s)
		t.Cleanup(served.Close)
		var notes []string
		client := connectNoting(t, s.url, func(note string) {
			notes = append(notes, note)
			listener, err := net.Listen("tcp", address)
			if err != nil {
				t.Error(err)
				return
			}
			served.Listener.Close()
			served.Listener = listener
			served.Start()
		})
		if err := request(t.Context(), client); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		want := fmt.Sprintf("trying again for up to 30 seconds: cannot reach the API server http://%s: dial tcp %s: connect: connection refused",
			address, address)
		if len(notes) != 1 || notes[0] != want {
			t.Errorf("%s: got %q, want %s", name, notes, want)
		}
	}
}

// What does not come back fails after the time that the user was told, with the same line as what is never repeated.
func TestHowLongOutagesAreAwaited(t *testing.T) {
	refused, closed := refusing(t), closing(t)
	const remedy = "; check the network and the kubeconfig"
	for _, test := range []struct {
		name, url, timeout string
		most               time.Duration
		notes              string // those of one request
		want               string
	}{
		{"nobody listens", "https://" + refused, "0", retryTime,
			"trying again for up to 30 seconds: cannot reach the API server URL: dial tcp " + refused + ": connect: connection refused",
			"cannot reach the API server URL: dial tcp " + refused + ": connect: connection refused" + remedy},
		{"nobody listens, and the user is in a hurry", "https://" + refused, "1s", time.Second,
			"trying again for up to 1 second: cannot reach the API server URL: dial tcp " + refused + ": connect: connection refused",
			"cannot reach the API server URL: dial tcp " + refused + ": connect: connection refused" + remedy},
		{"no handshake", "https://" + closed, "0", retryTime,
			"trying again for up to 30 seconds: the API server URL closed the connection",
			"cannot reach the API server URL: it closed the connection" + remedy},
	} {
		t.Run(test.name, func(t *testing.T) {
			for name, request := range map[string]call{
				"get": getJob, "create": createJob, "delete": deleteJob,
				"once": func(ctx context.Context, c *Client) error { return getJob(Once(ctx), c) },
			} {
				synctest.Test(t, func(t *testing.T) {
					var notes []string
					client := connectWith(t, test.url, "", ConnectOptions{Timeout: test.timeout, Note: func(note string) { notes = append(notes, note) }})
					start := time.Now()
					err := request(t.Context(), client)
					took, most, wantNotes := time.Since(start), test.most, test.notes
					if name == "once" {
						most, wantNotes = 0, ""
					}
					if got, want := strings.Join(notes, "\n"), strings.ReplaceAll(wantNotes, "URL", test.url); got != want {
						t.Errorf("%s: got  %q\nwant %q", name, got, want)
					}
					if got, want := client.Explain(err), strings.ReplaceAll(test.want, "URL", test.url); got != want {
						t.Errorf("%s: got  %s\nwant %s", name, got, want)
					}
					if took > most || took < most-lastPause {
						t.Errorf("%s: took %s, not %s", name, took, most)
					}
				})
			}
		})
	}
}

// retried sends a request to a network, and returns the code of the answer.
func retried(ctx context.Context, t *testing.T, network http.RoundTripper) (code int, err error) {
	t.Helper()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://api", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := newRetrying(network, &rest.Config{Host: "https://api"}, func(string) {}).RoundTrip(request)
	if err != nil {
		return 0, err
	}
	response.Body.Close()
	return response.StatusCode, nil
}

// A login that takes long leaves a creation as much time as other requests.
func TestLoginTakesNoTimeFromRetries(t *testing.T) {
	refuse := roundTrip(func(*http.Request) (*http.Response, error) { return nil, networkError{syscall.ECONNREFUSED} })
	synctest.Test(t, func(t *testing.T) {
		ctx, _ := withAttempt(t.Context())
		time.Sleep(time.Minute)
		start := time.Now()
		_, err := retried(ctx, t, refuse)
		if took := time.Since(start); took < retryTime-lastPause {
			t.Errorf("gave up after %s: %v", took, err)
		}
	})
}

// What waiting does not change fails at once.
func TestMistakesAreNoOutages(t *testing.T) {
	for _, err := range []error{
		&net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "x", IsNotFound: true}},
		&net.OpError{Op: "dial", Err: &net.DNSError{Err: "server misbehaving", Name: "x", IsTemporary: true}},
		&net.OpError{Op: "dial", Err: syscall.ENETUNREACH},
		&net.OpError{Op: "dial", Err: syscall.ETIMEDOUT},
		&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}},
		tls.AlertError(42), // a bad certificate
		tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"},
		http.ErrSchemeMismatch,
	} {
		tries := 0
		next := roundTrip(func(*http.Request) (*http.Response, error) { tries++; return nil, networkError{err} })
		_, got := retried(t.Context(), t, next)
		if got == nil || got.Error() != err.Error() || tries != 1 {
			t.Errorf("%v: got %v after %d tries", err, got, tries)
		}
	}
}

// A connection of HTTP/2 lives on when a request on it is cut off.
func TestCutOffStreams(t *testing.T) {
	var requests atomic.Int32
	served := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			t.Errorf("the request has %s", r.Proto)
		}
		if requests.Add(1) < 3 {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(http.StatusOK)
	}))
	served.EnableHTTP2 = true
	served.StartTLS()
	defer served.Close()
	for _, isSession := range []bool{false, true} {
		requests.Store(0)
		client := newRetrying(marking{served.Client().Transport}, &rest.Config{Host: served.URL}, func(string) {})
		ctx := t.Context()
		if isSession {
			ctx = forSession(ctx)
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, served.URL, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.RoundTrip(request)
		if err == nil {
			response.Body.Close()
		}
		if want := map[bool]int32{false: 3, true: 1}[isSession]; (err != nil) != isSession || requests.Load() != want {
			t.Errorf("session %v: %v after %d requests", isSession, err, requests.Load())
		}
	}
}

// What happened to the network is told as for other requests, also where a proxy refuses WebSockets.
func TestCutOffSessionOverSPDY(t *testing.T) {
	s := newServer(t, code(400), cut)
	client := connectNoting(t, s.url, func(string) {})
	err := execInPod(t.Context(), client)
	want := "cannot reach the API server " + s.url + ": it closed the connection; check the network and the kubeconfig"
	if err == nil || client.Explain(err) != want || s.methods() != "GET POST" {
		t.Errorf("got %v, want %s; requests %q", err, want, s.methods())
	}
}

// Pods come as protobuf, and so do refusals of them.
func TestStatusesInProtobuf(t *testing.T) {
	scheme := runtime.NewScheme()
	metav1.AddToGroupVersion(scheme, corev1.SchemeGroupVersion)
	text, err := runtime.Encode(serializer.NewCodecFactory(scheme).EncoderForVersion(protobuf.NewSerializer(scheme, scheme), corev1.SchemeGroupVersion),
		&metav1.Status{Message: "no"})
	if err != nil {
		t.Fatal(err)
	}
	response := &http.Response{Body: io.NopCloser(bytes.NewReader(text))}
	status := statusOf(response)
	again, err := io.ReadAll(response.Body)
	if status.Message != "no" || err != nil || !bytes.Equal(again, text) {
		t.Errorf("got %+v, %v", status, err)
	}
}
