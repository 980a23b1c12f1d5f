package server

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// More clients than have a turn begin a request and do not end it. The next one has its turn at once.
func TestSlowBodies(t *testing.T) {
	address, client := serving(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body) // the client may be gone
	})
	target, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	for range smallAtOnce + 1 {
		slow, err := tls.Dial("tcp", target.Host, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // a certificate for one test
		if err != nil {
			t.Fatal(err)
		}
		defer slow.Close()
		if _, err := fmt.Fprintf(slow, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf", MutatePath); err != nil {
			t.Fatal(err)
		}
	}
	response, err := client.Post(address, "application/json", strings.NewReader("whole"))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if answer, err := io.ReadAll(response.Body); err != nil || string(answer) != "whole" {
		t.Errorf("%s %q: %v", response.Status, answer, err)
	}
}
