package server

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"runtime"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	admissionv1 "k8s.io/api/admission/v1"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/runai-mpi/runai-mpi/shared/version"
	"github.com/runai-mpi/runai-mpi/webhook/review"
)

// The answers to a request. Every label has few values, because anybody who reaches the port can send requests.
const (
	admitted     = "admitted"
	changed      = "changed"
	refused      = "refused"
	notAvailable = "unavailable"
	failed       = "failed"
)

// unread is the operation of a request that is answered without being read.
const unread = "unread"

var (
	reviewsTotal = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "runai_mpi_reviews_total",
		Help: "Requests, by answer.",
	}, []string{"webhook", "operation", "outcome"})
	reviewDuration = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "runai_mpi_review_duration_seconds",
		Help:    "Time from the arrival of a request's headers to the verdict, including the wait for its turn. Unread requests are not in it.",
		Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
	}, []string{"webhook", "outcome"})
	refusalsTotal = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "runai_mpi_refusals_total",
		Help: "Reasons for refusals: the policy or the step that found it, and the kind of error. A refusal can have more than one reason.",
	}, []string{"webhook", "step", "kind"})
	projectCreationsTotal = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "runai_mpi_project_creations_total",
		Help: "Creations of jobs, by project and by the answer of the mutating webhook. A replica names the first " +
			strconv.Itoa(mostLabels) + " projects that create jobs; the rest are " + others + ". A job that another webhook changes is counted again.",
	}, []string{"project", "outcome"})
	policyInfo = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "runai_mpi_cluster_policy_info",
		Help: "Always 1. The labels are a digest of the cluster policy and the version of the replica. They differ if replicas differ.",
	}, []string{"digest", "version"})
	buildInfo = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "runai_mpi_build_info",
		Help: "Always 1. The labels are the version of the replica, as git describe writes it, and the version of Go.",
	}, []string{"version", "goversion"})
	unloggedTotal = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "runai_mpi_unlogged_total",
		Help: "Answers without a line in the log, because there were too many. The next line has their number in notLogged.",
	})
)

func init() {
	metrics.Registry.MustRegister(reviewsTotal, reviewDuration, refusalsTotal, projectCreationsTotal, policyInfo, buildInfo, unloggedTotal)
	buildInfo.WithLabelValues(version.String(), runtime.Version()).Set(1)
	for _, path := range []string{MutatePath, ValidatePath} {
		for _, operation := range []string{string(admissionv1.Create), string(admissionv1.Update)} {
			presetOutcomes(webhookOf(path), operation)
		}
	}
	presetOutcomes(webhookOf(SessionsPath), string(admissionv1.Connect))
	for _, path := range []string{MutatePath, ValidatePath, SessionsPath} {
		reviewsTotal.WithLabelValues(webhookOf(path), unread, notAvailable)
		reviewsTotal.WithLabelValues(webhookOf(path), unread, refused)
	}
}

// presetOutcomes makes counters start at 0: otherwise increase() would miss the first answer of a kind.
func presetOutcomes(webhook, operation string) {
	for _, answer := range []string{admitted, changed, refused, notAvailable, failed} {
		reviewsTotal.WithLabelValues(webhook, operation, answer)
		reviewDuration.WithLabelValues(webhook, answer)
	}
}

// digestOf returns a short digest of the cluster policy.
func digestOf(reviewer review.Reviewer) string {
	text, _ := json.Marshal(reviewer.Cluster) // texts, numbers and lists
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:6])
}

// webhookOf returns the label of the webhook with a URL path.
func webhookOf(path string) string { return strings.TrimPrefix(path, "/") }

// operationOf returns the label of an operation.
func operationOf(operation admissionv1.Operation) string {
	switch operation {
	case admissionv1.Create, admissionv1.Update, admissionv1.Connect:
		return string(operation)
	}
	return "other"
}
