package server

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

// observed counts and logs the answers of a handler, and adds to the audit log who answered what.
type observed struct {
	admission.Handler
	// webhook is its label.
	webhook string
	// version and clusterPolicy are those of the replica.
	version, clusterPolicy string
	// projectOf returns the project of a namespace, or "". It is set if creations are counted by project.
	projectOf func(ctx context.Context, namespace string) string
}

func (o observed) Handle(ctx context.Context, request admission.Request) admission.Response {
	arrived := arrivalOf(ctx)
	response := o.Handler.Handle(ctx, request)
	answer, level := classifyAnswer(response)
	o.count(ctx, request, response, answer)
	if response.AuditAnnotations == nil {
		response.AuditAnnotations = map[string]string{}
	}
	response.AuditAnnotations[auditOutcome] = answer
	response.AuditAnnotations[auditVersion], response.AuditAnnotations[auditClusterPolicy] = o.version, o.clusterPolicy
	reviewDuration.WithLabelValues(o.webhook, answer).Observe(time.Since(arrived).Seconds())
	if slog.Default().Enabled(ctx, level) {
		o.log(ctx, level, answer, request, response)
	}
	return response
}

func (o observed) count(ctx context.Context, request admission.Request, response admission.Response, answer string) {
	reviewsTotal.WithLabelValues(o.webhook, operationOf(request.Operation), answer).Inc()
	for reason := range strings.FieldsSeq(response.AuditAnnotations[auditReasons]) {
		step, kind, _ := strings.Cut(reason, "/")
		refusalsTotal.WithLabelValues(o.webhook, step, kind).Inc()
	}
	if o.projectOf == nil || request.Operation != admissionv1.Create {
		return
	}
	if project := o.projectOf(ctx, request.Namespace); project != "" {
		projectCreationsTotal.WithLabelValues(namedProjects.label(project), answer).Inc()
	}
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
