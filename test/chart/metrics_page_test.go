package chart

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/runai-mpi/runai-mpi/test/docgen"
	"github.com/runai-mpi/runai-mpi/test/golden"
	"github.com/runai-mpi/runai-mpi/webhook/policy"
	"github.com/runai-mpi/runai-mpi/webhook/review"
	"github.com/runai-mpi/runai-mpi/webhook/server"
)

// ofLibraries are useful metrics of the libraries.
var ofLibraries = []string{"certwatcher_read_certificate_errors_total", "controller_runtime_webhook_panics_total", "controller_runtime_webhook_requests_in_flight"}

var description = regexp.MustCompile(`fqName: "([^"]+)", help: "([^"]*)", unit: "[^"]*", constLabels: \{([^}]*)\}, variableLabels: \{([^}]*)\}`)

// The page has every metric of the product, and every alert of the chart.
func TestMetricsPage(t *testing.T) {
	own, all := registered(t)
	page := docgen.Head("Metrics", "See what the webhook answers and how fast, and alert before users notice. "+
		"Each replica serves its metrics at `/metrics` on port 8080.", "the metrics of `webhook/server` and the alerts of the chart")
	page += docgen.Text("\n## Metrics of the webhook\n\n") + docgen.Table([]string{"metric", "labels", "meaning"}, own) + docgen.Text(`
^webhook^ is ^mutate^, ^validate^ or ^sessions^; every creation of a job passes the first two. ^operation^ is ^CREATE^, ^UPDATE^ or, for sessions, ^CONNECT^; ^other^ is any other operation, which no API server sends. ^unread^ is for requests that are answered before their operation is known: ^unavailable^ if too many wait, and ^refused^ if a request gets a 4xx because no API server sends such a request, or because it is too large. ^outcome^ is:

`)
	page += docgen.Table([]string{"outcome", "meaning"}, [][]string{
		{"`admitted`", "unchanged"},
		{"`changed`", "admitted with changes"},
		{"`refused`", "not valid, or not allowed. The log has a line with the namespace, the job, the user and the reasons."},
		{"`unavailable`", "HTTP status 503 or 504: clients try again. The log has a warning."},
		{"`failed`", "HTTP status 500: a bug in the webhook. The log has an error."},
	})
	page += docgen.Text("\n`kind` is the API's name for an error, such as `Invalid` or `Forbidden`. `step` is a policy, or one of these:\n\n") + stepsTable(t)
	page += docgen.Text("\nThe libraries have metrics of their own. In `controller_runtime_webhook_requests_total`, refusals have the code 200. These are useful:\n\n")
	var rows [][]string
	for _, name := range ofLibraries {
		i := slices.IndexFunc(all, func(row []string) bool { return row[0] == docgen.Code(name) })
		if i < 0 {
			t.Fatalf("there is no metric %s", name)
		}
		rows = append(rows, all[i])
	}
	page += docgen.Table([]string{"metric", "labels", "meaning"}, rows)
	page += alertsSection(t)
	golden.Compare(t, "../../docs/reference/metrics.md", page)
}

// registered returns a row for each metric of the product, and for each metric.
func registered(t *testing.T) (own, all [][]string) {
	t.Helper()
	registry, ok := metrics.Registry.(*prometheus.Registry)
	if !ok {
		t.Fatalf("the registry is a %T", metrics.Registry)
	}
	descriptions := make(chan *prometheus.Desc, 1000)
	registry.Describe(descriptions)
	server.CertificateExpiry(t.TempDir()).Describe(descriptions)
	server.NewHeard().Collectors()[0].Describe(descriptions)
	close(descriptions)
	for text := range descriptions {
		parts := description.FindStringSubmatch(text.String())
		if parts == nil {
			t.Fatalf("cannot read %s", text)
		}
		constant, _, _ := strings.Cut(parts[3], "=")
		row := []string{docgen.Code(parts[1]), docgen.Code(append(strings.Split(parts[4], ","), constant)...), parts[2]}
		all = append(all, row)
		if strings.HasPrefix(parts[1], "runai_mpi_") {
			own = append(own, row)
		}
	}
	slices.SortFunc(own, func(a, b []string) int { return strings.Compare(a[0], b[0]) })
	return own, all
}

// alerts returns the alerts of the chart.
func alerts(t *testing.T) []monitoringv1.Rule {
	t.Helper()
	rule := find[monitoringv1.PrometheusRule](t, render(t, "--set", "metrics.prometheusRule.enabled=true",
		"--set", "policy.identity.sources={Directory}", "--set", "directorySync.enabled=true,directorySync.config.servers={ldaps://ldap.example.com}",
		"--set", "directorySync.config.accounts.baseDNs={dc=example},directorySync.config.accounts.subject=x"), "PrometheusRule", "")
	return rule.Spec.Groups[0].Rules
}

// alertsSection returns the alerts of the chart, without the restriction to the webhook's replicas.
func alertsSection(t *testing.T) string {
	t.Helper()
	var rows [][]string
	for _, alert := range alerts(t) {
		wait := "0m"
		if alert.For != nil {
			wait = string(*alert.For)
		}
		link := "[" + alert.Alert + "](../operations.md#" + strings.ToLower(alert.Alert) + ")"
		rows = append(rows, []string{link, alert.Labels["severity"], wait, docgen.Code(scope.ReplaceAllString(alert.Expr.StrVal, ""))})
	}
	return docgen.Text(`
## Alerts

The chart's PrometheusRule has these alerts with ^metrics.prometheusRule.enabled^, restricted to the replicas of the release; the last one also needs ^directorySync.enabled^. Each links to what to do.

`) + docgen.Table([]string{"alert", "severity", "for", "if"}, rows)
}

var scope = regexp.MustCompile(`\{namespace="[^"]+",service="[^"]+"\}`)

// stepsTable explains every step that is not a policy.
func stepsTable(t *testing.T) string {
	t.Helper()
	var rows [][]string
	for _, step := range server.Steps() {
		if slices.ContainsFunc(policy.Chain, func(p policy.Policy) bool { return p.Name == step }) {
			continue
		}
		meaning, known := stepMeanings[step]
		if !known {
			t.Errorf("the page does not explain the step %s", step)
		}
		rows = append(rows, []string{docgen.Code(step), meaning})
	}
	return docgen.Table([]string{"step", "refuses"}, rows)
}

var stepMeanings = map[string]string{
	review.StepAnnotations:  "unknown or wrong `run.ai/` annotations",
	review.StepProject:      "a job for another project than its namespace's",
	review.StepRunnable:     "what the API server or the MPI Operator would refuse later",
	review.StepWorkers:      "too many workers",
	review.StepPodSecurity:  "what the Pod Security Standard of the namespace forbids",
	review.StepRestrictions: "what the cluster policy or the project denies",
	review.StepMultiKueue:   "copies of jobs from another cluster",
	"request":               "what cannot be read, or is too large",
	"update":                "changes to what a stored job runs",
	"final":                 "a job that another webhook has changed afterwards",
	"session":               "sessions in pods of other users",
}
