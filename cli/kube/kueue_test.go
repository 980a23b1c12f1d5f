package kube

import (
	"net/http"
	"testing"
)

func noResource(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "404 page not found", http.StatusNotFound)
}

// Old and new releases of Kueue answer, and it does not matter if none runs or if the user is not allowed to ask.
func TestKueue(t *testing.T) {
	found := answers(`{"kind":"WorkloadList","apiVersion":"kueue.x-k8s.io/v1beta1","items":[{"kind":"Workload","apiVersion":"kueue.x-k8s.io/v1beta1","metadata":{"name":"w"}}]}`)
	none := answers(`{"kind":"WorkloadList","apiVersion":"kueue.x-k8s.io/v1beta2","items":[]}`)
	positions := answers(`{"kind":"PendingWorkloadsSummary","apiVersion":"visibility.kueue.x-k8s.io/v1beta1","items":[]}`)
	down := status(http.StatusServiceUnavailable, "ServiceUnavailable", "no endpoints available for service")
	for _, test := range []struct {
		name               string
		answers            []http.HandlerFunc
		isFound, isUnknown bool
		requests           string
	}{
		{"new", []http.HandlerFunc{found}, true, false, "GET"},
		{"old", []http.HandlerFunc{noResource, found}, true, false, "GET GET"},
		{"does not know the job", []http.HandlerFunc{none}, false, false, "GET"},
		{"not installed", []http.HandlerFunc{noResource}, false, false, "GET GET"},
		{"forbidden", []http.HandlerFunc{forbidden}, false, true, "GET"},
	} {
		s := newServer(t, test.answers...)
		var notes []string
		workload, err := connect(t, s.url, &notes).Workload(Once(t.Context()), "runai-a", "0")
		if (workload != nil) != test.isFound || (err != nil) != test.isUnknown || s.methods() != test.requests {
			t.Errorf("workloads, %s: %v, %v, requests %s", test.name, workload, err, s.methods())
		}
	}
	for _, test := range []struct {
		name     string
		answers  []http.HandlerFunc
		isKnown  bool
		requests string
	}{
		{"new", []http.HandlerFunc{positions}, true, "GET"},
		{"old", []http.HandlerFunc{noResource, positions}, true, "GET GET"},
		{"not served", []http.HandlerFunc{noResource}, false, "GET GET"},
		{"forbidden", []http.HandlerFunc{forbidden}, false, "GET"},
		{"down", []http.HandlerFunc{down}, false, "GET"},
	} {
		s := newServer(t, test.answers...)
		var notes []string
		pending := connect(t, s.url, &notes).PendingWorkloads(Once(t.Context()), "runai-a", "research")
		if (pending != nil) != test.isKnown || s.methods() != test.requests || len(notes) > 0 {
			t.Errorf("positions, %s: %v, requests %s, notes %q", test.name, pending, s.methods(), notes)
		}
	}
}
