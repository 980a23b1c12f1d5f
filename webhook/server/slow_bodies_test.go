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

// More clients than have a turn begin a request and do not end it, whatever its size. The next one has its turn at once.
func TestSlowBodies(t *testing.T) {
	address, client := serving(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body) // the client may be gone
	})
	target, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 3 * (quickAtOnce + 1) {
		length := []int{9, quickRequest + 1, smallRequest + 1}[n%3]
		slow, err := tls.Dial("tcp", target.Host, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // a certificate for one test
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = slow.Close() }() // the server may have closed it
		if _, err := fmt.Fprintf(slow, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\nhalf", MutatePath, length); err != nil {
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
