package server

import (
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

// probeTime is how long the result of a check is used again, because anybody who reaches the port can ask.
const probeTime = time.Second

var ready = prometheus.NewGaugeVec(prometheus.GaugeOpts{
	Name: "runai_mpi_ready",
	Help: "1 if the last probe found that the caches are synced, that no signal to stop has come, or that the webhook serves TLS, else 0. " +
		"A replica is ready if all of them are 1.",
}, []string{"check"})

func init() { metrics.Registry.MustRegister(ready) }

// Health are the checks that a replica must pass to be ready.
type Health struct{ checks map[string]healthz.Checker }

// NewHealth returns no checks.
func NewHealth() *Health { return &Health{map[string]healthz.Checker{}} }

// Add adds a check, whose last result is also a metric. Checks are added before the handler serves.
func (h *Health) Add(name string, check healthz.Checker) {
	gauge := ready.WithLabelValues(name)
	var mutex sync.Mutex
	var last time.Time
	var result error
	h.checks[name] = func(request *http.Request) error {
		mutex.Lock()
		defer mutex.Unlock()
		if time.Since(last) < probeTime {
			return result
		}
		result, last = check(request), time.Now()
		gauge.Set(0)
		if result == nil {
			gauge.Set(1)
		}
		return result
	}
}

// Handler answers /healthz, and /readyz if all checks pass.
func (h *Health) Handler() http.Handler {
	mux := http.NewServeMux()
	for path, checks := range map[string]map[string]healthz.Checker{"/healthz": nil, "/readyz": h.checks} {
		handler := http.StripPrefix(path, &healthz.Handler{Checks: checks})
		mux.Handle(path, handler)
		mux.Handle(path+"/", handler) // one check
	}
	return mux
}
