package server

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

const (
	// maxPortConnections is for a port that only the kubelet and Prometheus need. A client has clientTime to send its
	// request, so this is how many a flood may open in that time.
	maxPortConnections = 512
	longestPortHeaders = 1 << 10
	// scrapesAtOnce is for a few servers of Prometheus that read the same replica.
	scrapesAtOnce = 4
)

// NewPort returns a server for probes or metrics. It has limits, because anybody may reach its port, which is open when
// NewPort returns.
func NewPort(name, address string, handler http.Handler) (*manager.Server, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	limits := newConnections(maxPortConnections, prometheus.NewGauge(prometheus.GaugeOpts{}), prometheus.NewCounter(prometheus.CounterOpts{}))
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			connectionOf(r).received()
			handler.ServeHTTP(w, r)
		}),
		// rule T73 in webhook/server TestPortsAreBounded: headers that take more memory than their size
		MaxHeaderBytes:    longestPortHeaders,
		ReadHeaderTimeout: clientTime,
		ReadTimeout:       clientTime,
		WriteTimeout:      requestTime, // to read the metrics of a busy replica takes a while
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, ofConnection{}, c)
		},
	}
	server.SetKeepAlivesEnabled(false)
	return &manager.Server{
		Name: name, Server: server, Listener: boundedListener{listener, limits}, ShutdownTimeout: new(time.Second),
	}, nil
}

// Metrics serves the metrics of the replica.
func Metrics() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.HandlerFor(metrics.Registry, promhttp.HandlerOpts{MaxRequestsInFlight: scrapesAtOnce}))
	return mux
}
