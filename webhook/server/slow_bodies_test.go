package server

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// More clients than have a turn begin a request and do not end it, whatever its size. The next one has its turn at once.
func TestSlowBodies(t *testing.T) {
	address, client := serving(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body) // the client may be gone
	})
	for n := range 3 * (quickAtOnce + 1) {
		length := []int{9, quickRequest + 1, smallRequest + 1}[n%3]
		slow := dialTo(t, address, encrypted)
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
