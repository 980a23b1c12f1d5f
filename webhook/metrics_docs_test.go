package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/runai-mpi/runai-mpi/test/docgen"
	"github.com/runai-mpi/runai-mpi/test/golden"
	"github.com/runai-mpi/runai-mpi/webhook/server"
)

// ofLibraries are metrics of the libraries that are worth a look.
var ofLibraries = []string{"certwatcher_read_certificate_errors_total", "controller_runtime_webhook_panics_total", "controller_runtime_webhook_requests_in_flight"}

// alerts are expressions over the metrics, when to alert on them, and what to do then.
var alerts = []struct{ expression, wait, action string }{
	{`sum(rate(runai_mpi_reviews_total{outcome=~"unavailable|failed"}[5m])) > 0`, "10m",
		"Users cannot submit jobs, or only on a second try. The log of the replicas has a line with the reason for each request."},
	{`count(count by (digest) (runai_mpi_cluster_policy_info)) > 1`, "30m",
		"Replicas have different cluster policies for longer than a roll-out takes: see `kubectl -n runai-system rollout status deployment/runai-mpi`, and find out why new pods are not ready."},
	{`min(runai_mpi_certificate_expiry_timestamp_seconds) - time() < 14 * 24 * 3600`, "1h",
		"cert-manager should have renewed the certificate 30 days before it expires: see `kubectl -n runai-system describe certificate`. Without cert-manager, replace the Secret."},
	{`histogram_quantile(0.99, sum by (le) (rate(runai_mpi_review_duration_seconds_bucket[5m]))) > 1`, "10m",
		"The API server gives up after 5 seconds: give the replicas more cpu, or find out who sends large jobs."},
	{`sum(rate(runai_mpi_reviews_total{operation="unread"}[5m])) > 0`, "10m",
		"Too many or too large requests, or requests that no API server sends: find out who calls the port, and allow only the API server."},
	{`increase(certwatcher_read_certificate_errors_total[10m]) > 0`, "0m",
		"The certificate or the key in the Secret is not valid: replace it. The replicas still use the last valid one."},
	{`increase(controller_runtime_webhook_panics_total[10m]) > 0`, "0m",
		"A bug in the webhook: report it, with the log."},
}

var (
	description = regexp.MustCompile(`fqName: "([^"]+)", help: "([^"]*)", unit: "[^"]*", constLabels: \{[^}]*\}, variableLabels: \{([^}]*)\}`)
	metricName  = regexp.MustCompile(`\b(?:runai_mpi|certwatcher|controller_runtime)_\w+`)
)

// The page has every metric of the product, and its alerts have only metrics that there are.
func TestMetricsDocs(t *testing.T) {
	own, all := registered(t)
	page := docgen.Head("Metrics", "See what the webhook answers and how fast, and alert before users notice. "+
		"Each replica serves its metrics at `/metrics` on port 8080.", "the metrics of `webhook/server`")
	page += docgen.Text("\n## Metrics of the webhook\n\n") + docgen.Table([]string{"metric", "labels", "meaning"}, own) + docgen.Text(`
^webhook^ is ^mutate^ or ^validate^; every creation of a job passes both. ^operation^ is ^CREATE^ or ^UPDATE^; ^other^ is for requests that no API server sends, and ^unread^ for those that are answered without being read, because there are too many or they are too large. ^outcome^ is:

`)
	page += docgen.Table([]string{"outcome", "meaning"}, [][]string{
		{"`admitted`", "unchanged"},
		{"`changed`", "admitted with changes"},
		{"`refused`", "the job is not valid, or not allowed. The log has a line with the namespace, the job, the user and the reasons."},
		{"`unavailable`", "HTTP status 503 or 504: clients try again. The log has a warning."},
		{"`failed`", "HTTP status 500: a bug in the webhook. The log has an error."},
	})
	page += docgen.Text("\nThe libraries have metrics of their own. In `controller_runtime_webhook_requests_total`, refusals have the code 200. These are worth a look:\n\n")
	var rows [][]string
	for _, name := range ofLibraries {
		i := slices.IndexFunc(all, func(row []string) bool { return row[0] == docgen.Code(name) })
		if i < 0 {
			t.Fatalf("there is no metric %s", name)
		}
		rows = append(rows, all[i])
	}
	page += docgen.Table([]string{"metric", "labels", "meaning"}, rows)
	page += "\n## Alerts\n\n"
	rows = nil
	for _, alert := range alerts {
		for _, name := range metricName.FindAllString(alert.expression, -1) {
			name = strings.TrimSuffix(name, "_bucket")
			if !slices.ContainsFunc(all, func(row []string) bool { return row[0] == docgen.Code(name) }) {
				t.Errorf("an alert has the metric %s, which does not exist", name)
			}
		}
		rows = append(rows, []string{docgen.Code(alert.expression), alert.wait, alert.action})
	}
	page += docgen.Table([]string{"alert if", "for", "what to do"}, rows)
	page += docgen.Text(`
Only the API server knows whether it reaches the webhook: ^apiserver_admission_webhook_rejection_count{name="mpijobs.admission.run.ai", error_type="calling_webhook_error"}^ among its own metrics counts the jobs that it refused because the webhook did not answer.
`)
	golden.Compare(t, "../docs/reference/metrics.md", page)
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
	close(descriptions)
	for text := range descriptions {
		parts := description.FindStringSubmatch(text.String())
		if parts == nil {
			t.Fatalf("cannot read %s", text)
		}
		row := []string{docgen.Code(parts[1]), docgen.Code(strings.Split(parts[3], ",")...), parts[2]}
		all = append(all, row)
		if strings.HasPrefix(parts[1], "runai_mpi_") {
			own = append(own, row)
		}
	}
	slices.SortFunc(own, func(a, b []string) int { return strings.Compare(a[0], b[0]) })
	return own, all
}
