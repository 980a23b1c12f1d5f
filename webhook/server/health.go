package server

import (
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

// probeTime is how long a check that has passed is not repeated, because anybody who reaches the port can ask.
const probeTime = time.Second

var ready = prometheus.NewGaugeVec(prometheus.GaugeOpts{
	Name: "runai_mpi_ready",
	Help: "1 if the last probe passed this check, else 0: caches (they are synced), signal (none to stop has come), webhook (it serves TLS). " +
		"A replica is ready if it passes all.",
}, []string{"check"})

func init() { metrics.Registry.MustRegister(ready) }

// Health are the checks that a replica must pass to be ready.
type Health struct{ checks map[string]healthz.Checker }

// NewHealth returns no checks.
func NewHealth() *Health { return &Health{map[string]healthz.Checker{}} }

// Add adds a check, whose last result is also a metric. Checks are added before the handler serves.
func (h *Health) Add(name string, check healthz.Checker) {
	var mutex sync.Mutex
	var passedAt time.Time
	h.checks[name] = func(request *http.Request) error {
		mutex.Lock()
		defer mutex.Unlock()
		if time.Since(passedAt) < probeTime {
			return nil
		}
		err := check(request)
		passed := 0.0
		if err == nil {
			passed, passedAt = 1, time.Now()
		}
		ready.WithLabelValues(name).Set(passed)
		return err
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
