package monitoring

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/rules"
)

// minutes is how long the planted series are.
const minutes = 100

// healthy are the series of two replicas and an API server without any fault, by name and labels.
var healthy = map[string]string{
	`up{` + Scope + `,pod="a"}`: "1x100",
	`up{` + Scope + `,pod="b"}`: "1x100",
	`apiserver_admission_webhook_rejection_count{name="mpijobs.admission.run.ai",error_type="no_error"}`:       "0+1x100",
	`apiserver_admission_webhook_rejection_count{name="other.example.com",error_type="calling_webhook_error"}`: "0+1x100",
	`runai_mpi_reviews_total{webhook="mutate",operation="CREATE",outcome="changed",pod="a"}`:                   "0+60x100",
	`runai_mpi_reviews_total{webhook="mutate",operation="CREATE",outcome="refused",pod="a"}`:                   "0+10x100",
	`runai_mpi_reviews_total{webhook="validate",operation="CREATE",outcome="refused",pod="a"}`:                 "0x100",
	`runai_mpi_reviews_total{webhook="mutate",operation="CREATE",outcome="unavailable",pod="a"}`:               "0x100",
	`runai_mpi_reviews_total{webhook="mutate",operation="unread",outcome="unavailable",pod="a"}`:               "0x100",
	`runai_mpi_reviews_total{webhook="mutate",operation="unread",outcome="refused",pod="a"}`:                   "0x100",
	`runai_mpi_ready{` + Scope + `,check="caches",pod="a",instance="a"}`:                                       "1x100",
	`runai_mpi_ready{` + Scope + `,check="caches",pod="b",instance="b"}`:                                       "1x100",
	`process_start_time_seconds{` + Scope + `,pod="a"}`:                                                        "100x100",
	`kube_lease_renew_time{lease="runai-mpi-directory"}`:                                                       "0+60x100",
	`kube_lease_owner{lease="runai-mpi-directory"}`:                                                            "1x100",
	`runai_mpi_connections_refused_total{pod="a"}`:                                                             "0x100",
	`runai_mpi_cluster_policy_info{digest="one",pod="a"}`:                                                      "1x100",
	`runai_mpi_cluster_policy_info{digest="one",pod="b"}`:                                                      "1x100",
	`runai_mpi_cache_heard_timestamp_seconds{resource="projects",pod="a"}`:                                     "0+60x100",
	`runai_mpi_certificate_expiry_timestamp_seconds{pod="a"}`:                                                  "7776000x100",
	`certwatcher_read_certificate_errors_total{` + Scope + `,pod="a"}`:                                         "0x100",
	`controller_runtime_webhook_panics_total{` + Scope + `,pod="a"}`:                                           "0x100",
	`controller_runtime_webhook_panics_total{namespace="other",service="other",pod="c"}`:                       "0+1x100",
	`runai_mpi_review_duration_seconds_bucket{le="0.5",pod="a"}`:                                               "0+60x100",
	`runai_mpi_review_duration_seconds_bucket{le="2.5",pod="a"}`:                                               "0+60x100",
	`runai_mpi_review_duration_seconds_bucket{le="+Inf",pod="a"}`:                                              "0+60x100",
	`process_resident_memory_bytes{` + Scope + `,pod="a"}`:                                                     "100000000x100",
	`runai_mpi_memory_limit_bytes{` + Scope + `,pod="a"}`:                                                      "228000000x100",
	`process_resident_memory_bytes{namespace="other",service="other",pod="c"}`:                                 "1000000000x100",
}

// faults are the series of each fault, by the alert that it causes. "" is a series that is missing.
var faults = map[string][]map[string]string{
	"RunaiMPIWebhookDown": {
		{`up{` + Scope + `,pod="a"}`: "0x100", `up{` + Scope + `,pod="b"}`: ""},
		{
			`runai_mpi_ready{` + Scope + `,check="caches",pod="a",instance="a"}`: "0x100",
			`runai_mpi_ready{` + Scope + `,check="caches",pod="b",instance="b"}`: "0x100",
		},
	},
	"RunaiMPIWebhookNotCalled": {
		{`apiserver_admission_webhook_rejection_count{` +
			`name="former-1.mpijobs.validation.run.ai",error_type="calling_webhook_error"}`: "0+1x100"},
		{`apiserver_admission_webhook_rejection_count{` + // one failure, with which the series begins
			`name="mpijobs.validation.run.ai",error_type="calling_webhook_error"}`: "_x50 1x50"},
		{`apiserver_admission_webhook_rejection_count{name="sessions.validation.run.ai",error_type="calling_webhook_error"}`: "0+1x100"},
	},
	"RunaiMPIReplicaDown": {
		{`up{` + Scope + `,pod="b"}`: "0x100"},
		{`up{` + Scope + `,pod="b"}`: "1x20"}, // its node is gone
		{`runai_mpi_ready{` + Scope + `,check="caches",pod="a",instance="a"}`: "0x100"},
	},
	"RunaiMPIReplicaRestarts": {{`process_start_time_seconds{` + Scope + `,pod="a"}`: "0+60x100"}},
	"RunaiMPIDirectoryIsOld": {
		{`kube_lease_renew_time{lease="runai-mpi-directory"}`: "0x100"},
		{`kube_lease_renew_time{lease="runai-mpi-directory"}`: ""},
	},
	"RunaiMPIJobsNotJudged": {{`runai_mpi_reviews_total{webhook="mutate",operation="CREATE",outcome="unavailable",pod="a"}`: "0+1x100"}},
	"RunaiMPIOverloaded":    {{`runai_mpi_connections_refused_total{pod="a"}`: "0+1x100"}},
	"RunaiMPIMostJobsRefused": {
		{`runai_mpi_reviews_total{webhook="mutate",operation="CREATE",outcome="changed",pod="a"}`: "0+5x100"},
	},
	"RunaiMPIPoliciesDiffer":     {{`runai_mpi_cluster_policy_info{digest="two",pod="b"}`: "1x100"}},
	"RunaiMPICachesAreOld":       {{`runai_mpi_cache_heard_timestamp_seconds{resource="projects",pod="a"}`: "0x100"}},
	"RunaiMPICertificateExpires": {{`runai_mpi_certificate_expiry_timestamp_seconds{pod="b"}`: "0x100"}},
	"RunaiMPICertificateNotRead": {{`certwatcher_read_certificate_errors_total{` + Scope + `,pod="a"}`: "0+1x100"}},
	"RunaiMPIReviewsAreSlow":     {{`runai_mpi_review_duration_seconds_bucket{le="0.5",pod="a"}`: "0+58x100"}},
	"RunaiMPIMemoryIsFull":       {{`process_resident_memory_bytes{` + Scope + `,pod="a"}`: "240000000x100"}},
	"RunaiMPIUnexpectedRequests": {{`runai_mpi_reviews_total{webhook="mutate",operation="unread",outcome="refused",pod="a"}`: "0+1x100"}},
	"RunaiMPIPanics":             {{`controller_runtime_webhook_panics_total{` + Scope + `,pod="a"}`: "0+1x100"}},
}

// causedToo are other alerts that a fault causes.
var causedToo = map[string][]string{
	"RunaiMPIWebhookDown": {"RunaiMPIReplicaDown"},
}

// fired returns the alerts that fire at some time. None may fire sooner than it says.
func fired(t *testing.T, alerts []rulefmt.Rule, series map[string]string) []string {
	t.Helper()
	var load strings.Builder
	load.WriteString("load 1m\n")
	for name, values := range series {
		if values != "" {
			load.WriteString("  " + name + " " + values + "\n")
		}
	}
	storage := promqltest.LoadedStorage(t, load.String())
	query := rules.EngineQueryFunc(promqltest.NewTestEngine(t, false, 5*time.Minute, promqltest.DefaultMaxSamplesPerQuery), storage)
	var names []string
	for _, alert := range alerts {
		expr, err := parser.NewParser(parser.Options{}).ParseExpr(alert.Expr)
		if err != nil {
			t.Fatal(err)
		}
		rule := rules.NewAlertingRule(alert.Alert, expr, time.Duration(alert.For), 0, labels.FromMap(alert.Labels),
			labels.FromMap(alert.Annotations), labels.EmptyLabels(), "", false, promslog.NewNopLogger())
		for minute := 0; minute <= minutes; minute += 2 {
			now := time.Unix(int64(60*minute), 0)
			if _, err := rule.Eval(t.Context(), 0, now, query, nil, 0); err != nil {
				t.Fatal(err)
			}
			rule.SetEvaluationTimestamp(now)
			if rule.State() == rules.StateFiring {
				if time.Duration(minute)*time.Minute < time.Duration(alert.For) {
					t.Errorf("%s fires after %d minutes", alert.Alert, minute)
				}
				names = append(names, alert.Alert)
				break
			}
		}
	}
	slices.Sort(names)
	return names
}

// Each alert fires on its fault, and on no other; none fires on a healthy webhook.
func TestAlertsFire(t *testing.T) {
	alerts, err := Alerts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := fired(t, alerts, healthy); len(got) > 0 {
		t.Errorf("on a healthy webhook: %v", got)
	}
	for _, alert := range alerts {
		t.Run(alert.Alert, func(t *testing.T) {
			if len(faults[alert.Alert]) == 0 {
				t.Fatal("no fault is planted")
			}
			want := append([]string{alert.Alert}, causedToo[alert.Alert]...)
			slices.Sort(want)
			for _, fault := range faults[alert.Alert] {
				series := maps.Clone(healthy)
				maps.Copy(series, fault)
				if got := fired(t, alerts, series); !slices.Equal(got, want) {
					t.Errorf("%v: got %v", fault, got)
				}
			}
		})
	}
	if len(faults) != len(alerts) {
		t.Errorf("%d faults of %d alerts", len(faults), len(alerts))
	}
}
