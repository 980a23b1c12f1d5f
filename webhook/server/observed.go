package server

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

// The bounds of a line in the log.
const (
	mostLoggedCauses   = 5
	longestLoggedCause = 400
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

// The most lines about answers that are not admissions, in a second and in a burst.
const (
	mostLinesASecond = 20
	mostLinesAtOnce  = 200
)

// logLimit limits what a flood of refusals costs. skipped counts the lines that were not logged since the last one.
var (
	logLimit = rate.NewLimiter(mostLinesASecond, mostLinesAtOnce)
	skipped  atomic.Int64
)

// log logs an answer in one line.
func (o observed) log(ctx context.Context, level slog.Level, answer string, request admission.Request, response admission.Response) {
	if level > slog.LevelDebug && !logLimit.Allow() {
		skipped.Add(1)
		unloggedTotal.Inc()
		return
	}
	attributes := []any{
		"webhook", o.webhook, "operation", operationOf(request.Operation), "namespace", cut(request.Namespace, longestName),
		"name", cut(nameIn(request, response), longestName), "user", cut(request.UserInfo.Username, longestName),
		"uid", cut(string(request.UID), longestName),
	}
	if request.DryRun != nil && *request.DryRun {
		attributes = append(attributes, "dryRun", true)
	}
	if !response.Allowed && response.Result != nil {
		attributes = append(attributes, "code", response.Result.Code, "reasons", reasonsOf(response.Result))
	}
	if unlogged := skipped.Swap(0); unlogged > 0 {
		attributes = append(attributes, "notLogged", unlogged) // answers before this one
	}
	slog.Log(ctx, level, answer, attributes...)
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
