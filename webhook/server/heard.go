package server

import (
	"io"
	"net/http"
	"path"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// readResources are the resources that a replica caches.
var readResources = []string{"namespaces", "projects", "posixidentities", "customresourcedefinitions"}

// Heard remembers when the API server last sent something to each cache: a list, a change, or the bookmark that it
// sends about once in a minute. client-go says only what it has cached, which stays the same if nothing changes.
type Heard struct {
	at map[string]*atomic.Int64 // in Unix milliseconds, by resource
}

// NewHeard returns a Heard that counts the time from now on.
func NewHeard() *Heard {
	h := &Heard{at: map[string]*atomic.Int64{}}
	for _, resource := range readResources {
		h.at[resource] = &atomic.Int64{}
		h.at[resource].Store(time.Now().UnixMilli())
	}
	return h
}

// Wrap is for the configuration of a client whose answers are heard.
func (h *Heard) Wrap(next http.RoundTripper) http.RoundTripper { return heardTransport{next, h} }

// Collectors returns a metric for each cache.
func (h *Heard) Collectors() []prometheus.Collector {
	var all []prometheus.Collector
	for _, resource := range readResources {
		all = append(all, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name:        "runai_mpi_cache_heard_timestamp_seconds",
			Help:        "When the API server last sent something for a cache, as a Unix time. It sends something about once a minute, even if nothing changes.",
			ConstLabels: prometheus.Labels{"resource": resource},
		}, func() float64 { return float64(h.at[resource].Load()) / 1000 }))
	}
	return all
}

type heardTransport struct {
	next http.RoundTripper
	*Heard
}

// RoundTrip is of [http.RoundTripper].
func (t heardTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := t.next.RoundTrip(request)
	parent, name := path.Split(request.URL.Path)
	at, isCached := t.at[name]
	isPod := strings.HasSuffix(parent, "/pods/") // which a session reads, and a user named
	if err != nil || !isCached || isPod || response.StatusCode != http.StatusOK {
		return response, err
	}
	at.Store(time.Now().UnixMilli())
	response.Body = heardBody{response.Body, at}
	return response, nil
}

// heardBody is the body of an answer, which lasts for minutes if it is a watch.
type heardBody struct {
	io.ReadCloser
	at *atomic.Int64
}

func (b heardBody) Read(into []byte) (int, error) {
	n, err := b.ReadCloser.Read(into)
	if n > 0 {
		b.at.Store(time.Now().UnixMilli())
	}
	return n, err
}
