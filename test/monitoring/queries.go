// Package monitoring checks the chart's alerts and its dashboard with Prometheus' own code and Grafana's own types.
package monitoring

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/runai-mpi/runai-mpi/test/internal/chart"
)

// Scope has the labels that the Prometheus Operator gives to what it reads from the webhook's replicas.
const Scope = `namespace="runai-system",service="runai-mpi-metrics"`

// Alerts returns the alerts of the chart, as Prometheus reads them. An expression, a label or a template that is not
// valid is an error.
func Alerts(ctx context.Context) ([]rulefmt.Rule, error) {
	objects, err := chart.Render(ctx, "--set", "metrics.prometheusRule.enabled=true", "--set", "policy.identity.sources={Directory}",
		"--set", "directorySync.enabled=true,directorySync.staleAfter=1h0.5m,directorySync.config.servers={ldaps://ldap.example.com}",
		"--set", "directorySync.config.accounts.baseDNs={dc=example},directorySync.config.accounts.subject=x")
	if err != nil {
		return nil, err
	}
	object := &monitoringv1.PrometheusRule{}
	if err := objects.Find("PrometheusRule", "", object); err != nil {
		return nil, err
	}
	text, err := yaml.Marshal(object.Spec)
	if err != nil {
		return nil, err
	}
	groups, errs := rulefmt.Parse(text, false, model.UTF8Validation, parser.NewParser(parser.Options{}), promslog.NewNopLogger())
	if len(errs) > 0 {
		return nil, fmt.Errorf("the rules are refused: %v", errs)
	}
	return groups.Groups[0].Rules, nil
}

// A Query is a query of a panel.
type Query struct{ Panel, Expr string }

// Dashboard returns the dashboard of the chart as JSON.
func Dashboard(ctx context.Context) (string, error) {
	objects, err := chart.Render(ctx, "--set", "metrics.dashboard.enabled=true")
	if err != nil {
		return "", err
	}
	object := &corev1.ConfigMap{}
	if err := objects.Find("ConfigMap", "runai-mpi-dashboard", object); err != nil {
		return "", err
	}
	return object.Data["runai-mpi.json"], nil
}

// Queries returns the queries of a dashboard, with an interval as Grafana sets it.
func Queries(dashboard string) ([]Query, error) {
	var parsed struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal([]byte(dashboard), &parsed); err != nil {
		return nil, err
	}
	var all []Query
	for _, panel := range parsed.Panels {
		for _, target := range panel.Targets {
			all = append(all, Query{panel.Title, strings.ReplaceAll(target.Expr, "$__rate_interval", "2m")})
		}
	}
	return all, nil
}
