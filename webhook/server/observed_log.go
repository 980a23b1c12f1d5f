package server

import (
	"cmp"
	"context"
	"log/slog"
	"strings"
	"sync/atomic"

	"golang.org/x/time/rate"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

// The bounds of a line in the log.
const (
	mostLoggedCauses   = 5
	longestLoggedCause = 400
)

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

// isLogged reports whether there may be another line, and counts it if not.
func isLogged() bool {
	if logLimit.Allow() {
		return true
	}
	skipped.Add(1)
	unloggedTotal.Inc()
	return false
}

// log logs an answer in one line.
func (o observed) log(ctx context.Context, level slog.Level, answer string, request admission.Request, response admission.Response) {
	if level > slog.LevelDebug && !isLogged() {
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
