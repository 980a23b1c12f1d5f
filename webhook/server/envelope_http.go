package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A rejection is the answer to a request that no API server sends.
type rejection struct {
	code    int
	message string
}

// foreignTo returns why a request is none of an API server, as far as its headers say, or nil.
func foreignTo(r *http.Request) *rejection {
	switch contentType := r.Header.Get("Content-Type"); {
	case r.Method != http.MethodPost:
		return &rejection{http.StatusMethodNotAllowed, "the method must be POST"}
	case contentType != "application/json":
		return &rejection{http.StatusUnsupportedMediaType, "the content type must be application/json"}
	case r.ContentLength > largestRequest:
		return tooLong()
	}
	return nil
}

func tooLong() *rejection {
	return &rejection{http.StatusRequestEntityTooLarge, fmt.Sprintf("the body must have at most %d bytes", largestRequest)}
}

// readBody replaces what is in a buffer by the body of a request.
func readBody(buffer *bytes.Buffer, r *http.Request) *rejection {
	buffer.Reset()
	buffer.Grow(int(min(max(r.ContentLength, 0), largestRequest)) + bytes.MinRead)
	switch _, err := buffer.ReadFrom(io.LimitReader(r.Body, largestRequest+1)); {
	case err != nil:
		return &rejection{http.StatusBadRequest, "the body is incomplete or did not arrive in time"}
	case buffer.Len() > largestRequest:
		return tooLong()
	case buffer.Len() == 0:
		return &rejection{http.StatusBadRequest, "the body must not be empty"}
	}
	return nil
}

// reject answers with an API status, whose message an API server would show.
func (e envelope) reject(w http.ResponseWriter, problem *rejection) {
	observeUnread(e.path, refused, problem.message)
	text, _ := json.Marshal(metav1.Status{ // texts and a number
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
		Status:   metav1.StatusFailure, Code: int32(problem.code), Message: cut(problem.message, longestDetail), //nolint:gosec // an HTTP status
	})
	if problem.code == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", http.MethodPost)
	}
	writeJSON(w, problem.code, text)
}

func writeJSON(w http.ResponseWriter, code int, text []byte) {
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(code)
	_, _ = w.Write(text) // the client may be gone
}
