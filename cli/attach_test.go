package main

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
)

// Without a terminal, attach prints the log over a cut connection, and ends as the process does.
func TestAttachOverCutConnections(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.job("dist1", nil)
	c.pod("dist1", "dist1-launcher-a", runs)
	var requests atomic.Int32
	c.logs["dist1-launcher-a"] = func(w http.ResponseWriter, r *http.Request) {
		if requests.Add(1) == 1 {
			sends(0, 3, cut)(w, r)
			return
		}
		sends(0, 9, func(*http.Request) {
			c.pod("dist1", "dist1-launcher-a", exited(3))
			c.job("dist1", condition(v2beta1.JobFailed, "Job has reached the specified backoff limit"))
		})(w, r)
	}
	want := ""
	for n := range 9 {
		want += fmt.Sprintf("line %d\n", n)
	}
	cmd := c.start(t, "attach", "dist1", "--no-stdin")
	says(t, cmd.stderr, "the launcher exited with code 3")
	cmd.ends(t, 3, want, "")
}
