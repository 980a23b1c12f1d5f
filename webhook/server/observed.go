package server

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

// The bounds of a line in the log.
const (
	mostLoggedCauses   = 5
	longestLoggedCause = 400
)

// observed counts and logs the answers of a handler.
type observed struct {
	admission.Handler
	webhook string
}

func (o observed) Handle(ctx context.Context, request admission.Request) admission.Response {
	response := o.Handler.Handle(ctx, request)
	answer, level := classifyAnswer(response)
	reviewsTotal.WithLabelValues(o.webhook, operationOf(request.Operation), answer).Inc()
	if !slog.Default().Enabled(ctx, level) {
		return response
	}
	attributes := []any{
		"webhook", o.webhook, "operation", operationOf(request.Operation), "namespace", cut(request.Namespace, longestName),
		"name", cut(nameIn(request, response), longestName), "user", cut(request.UserInfo.Username, longestName),
	}
	if request.DryRun != nil && *request.DryRun {
		attributes = append(attributes, "dryRun", true)
	}
	if !response.Allowed && response.Result != nil {
		attributes = append(attributes, "code", response.Result.Code, "reasons", reasonsOf(response.Result))
	}
	slog.Log(ctx, level, answer, attributes...)
	return response
}

// classifyAnswer returns the label of an answer, and the level at which it is logged.
func classifyAnswer(response admission.Response) (string, slog.Level) {
	switch {
	case response.Allowed && len(response.Patch) > len("[]"):
		return changed, slog.LevelDebug
	case response.Allowed:
		return admitted, slog.LevelDebug
	case response.Result == nil || response.Result.Code == http.StatusInternalServerError:
		return failed, slog.LevelError
	case response.Result.Code == http.StatusServiceUnavailable || response.Result.Code == http.StatusGatewayTimeout:
		return notAvailable, slog.LevelWarn
	}
	return refused, slog.LevelInfo
}

// nameIn returns the name of a job, or how it begins if the API server generates it.
func nameIn(request admission.Request, response admission.Response) string {
	if response.Result == nil || response.Result.Details == nil {
		return request.Name
	}
	return cmp.Or(request.Name, response.Result.Details.Name)
}

// reasonsOf returns the first causes of a refusal, on one line.
func reasonsOf(status *metav1.Status) string {
	if status.Details == nil || len(status.Details.Causes) == 0 {
		return cut(status.Message, longestLoggedCause)
	}
	var reasons []string
	for _, cause := range status.Details.Causes[:min(len(status.Details.Causes), mostLoggedCauses)] {
		reasons = append(reasons, cut(strings.TrimPrefix(cause.Field+": "+cause.Message, ": "), longestLoggedCause))
	}
	if len(status.Details.Causes) > mostLoggedCauses {
		reasons = append(reasons, "and more")
	}
	return strings.Join(reasons, "; ")
}

// unreadLogged is when a request that was not read was last logged, in Unix seconds.
var unreadLogged atomic.Int64

// observeUnread counts a request that is answered without being read. It logs at most one in a second, because there may
// be a flood of them.
func observeUnread(path, answer, reason string) {
	reviewsTotal.WithLabelValues(webhookOf(path), unread, answer).Inc()
	now, last := time.Now().Unix(), unreadLogged.Load()
	if last != now && unreadLogged.CompareAndSwap(last, now) {
		slog.Warn(answer, "webhook", webhookOf(path), "operation", unread, "reasons", reason)
	}
}
