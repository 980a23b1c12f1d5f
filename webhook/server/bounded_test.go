package server

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
)

// serving runs a server whose only webhook is a function, and returns its URL and a client.
func serving(t *testing.T, hook http.HandlerFunc) (url string, client *http.Client) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	server := NewServer(listener.Addr().String(), writeCertificate(t))
	server.Register(MutatePath, hook)
	runs(t, server.Start)
	for deadline := time.Now().Add(10 * time.Second); server.StartedChecker()(nil) != nil; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the server does not start")
		}
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // a certificate for one test
	return "https://" + listener.Addr().String() + MutatePath, &http.Client{Transport: transport}
}

// runs runs a server until the end of the test.
func runs(t *testing.T, start func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- start(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
}

func writeCertificate(t *testing.T) (dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	for name, block := range map[string]*pem.Block{
		"tls.crt": {Type: "CERTIFICATE", Bytes: certificate}, "tls.key": {Type: "PRIVATE KEY", Bytes: secret},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A server that is busy with as many requests as it takes answers so that the API server's client tries again:
// with the request's uid, and the time after which to try.
func TestBusy(t *testing.T) {
	release := make(chan struct{})
	var handling sync.WaitGroup
	handling.Add(quickAtOnce)
	url, client := serving(t, func(http.ResponseWriter, *http.Request) {
		handling.Done()
		<-release
	})
	var others sync.WaitGroup
	for range quickAtOnce {
		others.Go(func() {
			if response, err := client.Post(url, "application/json", strings.NewReader("{}")); err == nil {
				response.Body.Close()
			}
		})
	}
	defer others.Wait()
	defer close(release)
	handling.Wait()
	review := fmt.Sprintf(`{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"705ab4f5","object":%q}}`,
		bytes.Repeat([]byte("x"), 20_000))
	response, err := client.Post(url, "application/json", strings.NewReader(review))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer admissionv1.AdmissionReview
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	got := answer.Response
	if response.StatusCode != http.StatusOK || got == nil || got.Allowed || got.UID != "705ab4f5" ||
		got.Result.Code != http.StatusServiceUnavailable || got.Result.Details.RetryAfterSeconds != 1 {
		t.Errorf("%s: %+v", response.Status, got)
	}
}
