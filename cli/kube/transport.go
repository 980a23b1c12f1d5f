package kube

import (
	"log/slog"
	"net/http"
	"time"
)

// logging logs each request without its body and headers, which may have credentials.
type logging struct {
	next http.RoundTripper
	log  *slog.Logger
}

func (l logging) RoundTrip(request *http.Request) (*http.Response, error) {
	start := time.Now()
	response, err := l.next.RoundTrip(request)
	status := "no response"
	if err == nil {
		status = response.Status
	}
	l.log.Debug("request", "method", request.Method, "url", request.URL.Redacted(), "status", status,
		"took", time.Since(start).Round(time.Millisecond))
	return response, err
}

// warnings forwards the warnings of the API server and of admission webhooks.
type warnings struct{ warn func(string) }

func (w warnings) HandleWarningHeader(code int, _, text string) {
	if code == 299 && text != "" {
		w.warn(text)
	}
}
