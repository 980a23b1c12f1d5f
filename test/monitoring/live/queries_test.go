// Package live runs the queries of the dashboard and of the alerts on the metrics of a real webhook and a real API server.
package live

import (
	"crypto/tls"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/util/teststorage"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/install"
	"github.com/runai-mpi/runai-mpi/test/internal/process"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
	"github.com/runai-mpi/runai-mpi/test/monitoring"
)

var product *suite.Product

func TestMain(m *testing.M) {
	os.Exit(suite.Run(m, &product, suite.Options{ControlPlane: env.Options{WithoutOperator: true}}))
}

const notCalled = `apiserver_admission_webhook_rejection_count{error_type!="no_error",` +
	`name=~"(former-[0-9]+.)?mpijobs.(admission|validation).run.ai|sessions.validation.run.ai"}`

// empty are queries without data here, and why.
var empty = map[string]string{
	`runai_mpi_memory_limit_bytes < 1e15`: "the limit is set by the chart, for pods",
	notCalled:                             "the webhook can be called",
	notCalled + " offset 5m":              "the same",
	`kube_lease_owner{lease="runai-mpi-directory"} offset 1h30s`: "the same",
	`kube_lease_renew_time{lease="runai-mpi-directory"}`:         "kube-state-metrics is not there",
}

// Every query of a panel has data, and so has every series in the condition of an alert, before it is compared.
func TestQueriesHaveData(t *testing.T) {
	address, err := process.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	replica := product.StartReplica(t, install.ReplicaOptions{Name: "measured", Metrics: address})
	namespace := product.AddProject(t, "measured", v1alpha1.ProjectSpec{})
	lax := product.AddProject(t, "lax", v1alpha1.ProjectSpec{WarnOnlyUntil: "2999-12-31"})
	product.Balance(t, namespace, replica)
	store, now := teststorage.New(t), time.Now()
	for i := range 6 {
		use(t, replica, namespace, lax)
		for _, from := range targets(t, address) {
			if err := from.scrape(t.Context(), store, now.Add(time.Duration(i-5)*15*time.Second)); err != nil {
				t.Fatal(err)
			}
		}
	}
	run := rules.EngineQueryFunc(promqltest.NewTestEngine(t, false, 5*time.Minute, promqltest.DefaultMaxSamplesPerQuery), store)
	hasData := func(what, query string) {
		t.Helper()
		result, err := run(t.Context(), query, now)
		if err != nil {
			t.Errorf("%s: %s: %s", what, query, err)
			return
		}
		isNumber := func(sample promql.Sample) bool { return sample.F == sample.F }
		if _, none := empty[query]; slices.ContainsFunc(result, isNumber) == none {
			t.Errorf("%s: %s has %d results, which is not expected", what, query, len(result))
		}
	}
	hasData("the page of adoption", `max_over_time(runai_mpi_warned_only_total{namespace="`+lax+`"}[7d])`)
	for _, query := range dashboard(t) {
		hasData(query.Panel, query.Expr)
	}
	alerts, err := monitoring.Alerts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, alert := range alerts {
		if _, err := run(t.Context(), alert.Expr, now); err != nil {
			t.Errorf("%s: %s", alert.Alert, err)
		}
		for _, series := range selectors(t, alert.Expr) {
			hasData(alert.Alert, series)
		}
	}
}

func dashboard(t *testing.T) []monitoring.Query {
	t.Helper()
	text, err := monitoring.Dashboard(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	queries, err := monitoring.Queries(text)
	if err != nil {
		t.Fatal(err)
	}
	return queries
}

// selectors returns the series in an expression.
func selectors(t *testing.T, text string) []string {
	t.Helper()
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(text)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		if series, is := node.(*parser.VectorSelector); is {
			all = append(all, series.String())
		}
		return nil
	})
	return all
}

// use sends what users send, and what no API server does.
func use(t *testing.T, replica *install.Replica, namespace, lax string) {
	t.Helper()
	job := mpijobtest.MakeMPIJob("", namespace).Annotation(annotations.LargeShmKey, "8Gi").Limit("Worker", "memory", "1Gi").Obj()
	job.GenerateName = "measured-"
	product.Create(t, job)
	for _, key := range []string{annotations.LargeShmKey, annotations.RunAsUserKey} {
		refused := mpijobtest.MakeMPIJob("refused", namespace).Annotation(key, "maybe").Obj()
		if err := product.Client.Create(t.Context(), refused); err == nil {
			t.Fatal("the job was admitted")
		}
	}
	free := mpijobtest.MakeMPIJob("", lax).Obj()
	free.GenerateName = "lax-"
	product.Create(t, free)
	body := `{"request":{"uid":"1","userInfo":{"groups":[` + strings.TrimSuffix(strings.Repeat(`"a",`, 30_000), ",") + `]}}}`
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
	response, err := client.Post("https://"+replica.Address+"/mutate", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
}
