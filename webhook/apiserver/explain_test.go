package apiserver

import (
	"errors"
	"fmt"
	"net/url"
	"testing"
)

func TestExplain(t *testing.T) {
	refused := errors.New("dial tcp 127.0.0.1:1: connect: connection refused")
	request := &url.Error{Op: "Get", URL: "https://127.0.0.1:1/api/v1/namespaces?limit=50", Err: refused}
	explained := Explain(fmt.Errorf("wrapped: %w", request))
	if want := "cannot reach the API server https://127.0.0.1:1: " + refused.Error(); explained.Error() != want {
		t.Errorf("got %q, want %q", explained, want)
	}
	if !errors.Is(explained, refused) || !IsUnanswered(explained) {
		t.Errorf("%v hides its cause", explained)
	}
	answer := errors.New("namespaces is forbidden")
	if got := Explain(answer); !errors.Is(got, answer) || got.Error() != answer.Error() || IsUnanswered(answer) {
		t.Errorf("got %v, want the same error", got)
	}
}
