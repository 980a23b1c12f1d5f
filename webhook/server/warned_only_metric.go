package server

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

// An outcome is what would happen to a request in a warn-only namespace.
type outcome string

const (
	wouldRefuse outcome = "would_refuse"
	wouldChange outcome = "would_change"
	unchanged   outcome = "unchanged"
)

var warnedOnlyTotal = prometheus.NewCounterVec(prometheus.CounterOpts{
	Name: "runai_mpi_warned_only_total",
	Help: "Requests in warn-only namespaces that were admitted unchanged, by what would have happened: all creations, and updates " +
		"that would be refused. A replica names the first " + strconv.Itoa(mostLabels) + " namespaces; the rest are " + others + ".",
}, []string{"namespace", "outcome"})

var warnedNamespaces = firstLabels{named: map[string]bool{}, most: mostLabels}

func init() { metrics.Registry.MustRegister(warnedOnlyTotal) }

func countWarnedOnly(namespace string, outcome outcome) {
	warnedOnlyTotal.WithLabelValues(warnedNamespaces.label(namespace), string(outcome)).Inc()
}
