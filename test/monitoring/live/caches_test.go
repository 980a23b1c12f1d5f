package live

import (
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/util/teststorage"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/install"
	"github.com/runai-mpi/runai-mpi/test/internal/process"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// The caches grow old when a replica is cut off from the API server, and a change in the cluster makes one young.
func TestCachesGrowOld(t *testing.T) {
	gate := product.Gate(t)
	gate.Open()
	address, err := process.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	product.StartReplica(t, install.ReplicaOptions{Name: "cut-off", Metrics: address, Kubeconfig: gate.Kubeconfig})
	heard := func() float64 {
		t.Helper()
		store, now := teststorage.New(t), time.Now()
		if err := targets(t, address)[0].scrape(t.Context(), store, now); err != nil {
			t.Fatal(err)
		}
		run := rules.EngineQueryFunc(promqltest.NewTestEngine(t, false, time.Minute, promqltest.DefaultMaxSamplesPerQuery), store)
		result, err := run(t.Context(), `max(runai_mpi_cache_heard_timestamp_seconds{resource="projects"})`, now)
		if err != nil || len(result) != 1 {
			t.Fatalf("%d results, %v", len(result), err)
		}
		return result[0].F
	}
	before := heard()
	product.AddProject(t, "heard", v1alpha1.ProjectSpec{})
	suite.Eventually(t, "the change is heard", suite.Soon, func() error {
		if heard() <= before {
			return fmt.Errorf("last heard at %f", before)
		}
		return nil
	})
	if err := gate.Close(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(2 * time.Second) // what was on the way
	last := heard()
	product.AddProject(t, "unheard", v1alpha1.ProjectSpec{})
	time.Sleep(3 * time.Second)
	if now := heard(); now != last {
		t.Errorf("it heard something at %f, after %f", now, last)
	}
}
