package server

import (
	"runtime/debug"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

// How much is asked of a replica, and what it may take. Requests in flight are a metric of controller-runtime.
var (
	requestsWaiting = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "runai_mpi_requests_waiting",
		Help: "Requests that wait for their turn, for at most 1 s. After that, they are counted as unread and unavailable.",
	})
	connectionsOpen = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "runai_mpi_connections_open",
		Help: "Connections that clients have opened, until they are closed.",
	})
	connectionsRefused = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "runai_mpi_connections_refused_total",
		Help: "Connections that were refused, or closed before the request had come or the answer was read, because too many were open.",
	})
	memoryLimit = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "runai_mpi_memory_limit_bytes",
		Help: "GOMEMLIMIT, which the chart sets to 85 % of limits.memory. 9.2e18 means no limit.",
	})
)

func init() {
	metrics.Registry.MustRegister(requestsWaiting, connectionsOpen, connectionsRefused, memoryLimit)
	memoryLimit.Set(float64(debug.SetMemoryLimit(-1))) // -1 changes nothing
}
