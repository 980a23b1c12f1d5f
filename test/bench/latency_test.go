package bench

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/test/internal/process"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
	"github.com/runai-mpi/runai-mpi/test/ranges"
	"github.com/runai-mpi/runai-mpi/test/yardstick"
)

var creationsOfEach = flag.Int("creations", 60, "Number of jobs that TestLatency creates with each contender.")

const (
	warmUp = 10 // rounds that are not counted
	swept  = 100
)

// A runner creates jobs as several people, whose clients keep their connections to the API server.
type runner struct {
	contenders  []*contender
	researchers []rest.Interface
	bodies      map[*contender][]byte
	took        map[*contender][]time.Duration // by the round
	apiServer   int                            // its process ID
	used        map[*contender]time.Duration   // CPU time of the API server, for all creations
}

// Each round creates one job with each contender, in random order, so that other load on the machine affects all alike.
// Nobody acts on the jobs: they are suspended, and managed by another cluster.
func TestLatency(t *testing.T) {
	r := newRunner(t)
	for round := range warmUp {
		r.round(t, round)
	}
	r.took, r.used = map[*contender][]time.Duration{}, map[*contender]time.Duration{}
	before := r.calls(t)
	for round := range *creationsOfEach {
		r.round(t, round)
		if round%swept == swept-1 {
			r.sweep(t)
		}
	}
	after := r.calls(t)
	for _, c := range r.contenders {
		if got := after[c] - before[c]; got != c.calls**creationsOfEach {
			t.Errorf("%s: %d calls for %d creations, want %d for each", c.name, got, *creationsOfEach, c.calls)
		}
	}
	r.sweep(t)
	r.checkRatios(t)
	if err := ranges.RecordLatency(r.result()); err != nil {
		t.Error(err)
	}
}

func newRunner(t *testing.T) *runner {
	t.Helper()
	r := &runner{
		contenders: contenders(), bodies: map[*contender][]byte{}, took: map[*contender][]time.Duration{},
		used: map[*contender]time.Duration{},
	}
	var err error
	if r.apiServer, err = product.APIServerPid(); err != nil {
		t.Fatal(err)
	}
	r.researchers = addResearchers(t)
	startContenders(t, r.contenders)
	for _, c := range r.contenders {
		body, err := json.Marshal(latencyJob(c.namespace))
		if err != nil {
			t.Fatal(err)
		}
		r.bodies[c] = body
		for n := range r.researchers {
			product.AddResearcher(t, c.namespace, researcher(n))
		}
	}
	for _, c := range r.contenders {
		suite.Eventually(t, c.name+" acts", suite.Soon, func() error { return r.acts(t, c) })
	}
	return r
}

func latencyJob(namespace string) *v2beta1.MPIJob {
	job := yardstick.AsUser(yardstick.Job(namespace, ""))
	job.Name, job.ManagedFields = "", nil
	job.GenerateName = "job-"
	delete(job.Annotations, annotations.ProjectKey) // each is in another project
	suspend := true
	job.Spec.RunPolicy.Suspend = &suspend
	job.Spec.RunPolicy.ManagedBy = new(v2beta1.MultiKueueController)
	return job
}

// acts returns an error unless the contender acts on the job of everybody.
func (r *runner) acts(t *testing.T, c *contender) error {
	before := r.calls(t)[c]
	for _, researcher := range r.researchers {
		stored, err := researcher.Post().AbsPath(r.path(c)).Param("dryRun", "All").Body(r.bodies[c]).DoRaw(t.Context())
		if err != nil {
			return explained(stored, err)
		}
		if !bytes.Contains(stored, []byte(c.shows)) {
			return fmt.Errorf("%s is missing in %s", c.shows, stored)
		}
	}
	if calls := r.calls(t)[c] - before; calls != c.calls*len(r.researchers) {
		return fmt.Errorf("%d calls for %d creations, want %d for each", calls, len(r.researchers), c.calls)
	}
	return nil
}

func explained(answer []byte, err error) error {
	return errors.Join(err, errors.New(string(answer)))
}

func (r *runner) path(c *contender) string {
	return "/apis/kubeflow.org/v2beta1/namespaces/" + c.namespace + "/mpijobs"
}

func (r *runner) round(t *testing.T, round int) {
	t.Helper()
	researcher := r.researchers[round%len(r.researchers)]
	for _, i := range rand.Perm(len(r.contenders)) {
		c := r.contenders[i]
		request := researcher.Post().AbsPath(r.path(c)).Body(r.bodies[c])
		used, start := r.usedByAPIServer(t), time.Now()
		stored, err := request.DoRaw(t.Context())
		took := time.Since(start)
		r.used[c] += r.usedByAPIServer(t) - used
		if err != nil {
			t.Fatalf("%s: %s", c.name, explained(stored, err))
		}
		if !bytes.Contains(stored, []byte(c.shows)) {
			t.Fatalf("%s: %s is missing in %s", c.name, c.shows, stored)
		}
		r.took[c] = append(r.took[c], took)
	}
}

func (r *runner) usedByAPIServer(t *testing.T) time.Duration {
	t.Helper()
	used, err := process.CPU(r.apiServer)
	if err != nil {
		t.Fatal(err)
	}
	return used
}

// sweep deletes the jobs, so that their number does not slow down the API server.
func (r *runner) sweep(t *testing.T) {
	t.Helper()
	var sweepers errgroup.Group
	for _, c := range r.contenders {
		sweepers.Go(func() error {
			return product.Client.DeleteAllOf(t.Context(), &v2beta1.MPIJob{}, client.InNamespace(c.namespace))
		})
	}
	if err := sweepers.Wait(); err != nil {
		t.Fatal(err)
	}
}

// calls returns how often the API server has called the webhooks of each contender for a creation.
func (r *runner) calls(t *testing.T) map[*contender]int {
	t.Helper()
	all := map[*contender]int{}
	for _, line := range metricsOf(t, "apiserver_admission_webhook_admission_duration_seconds_count{") {
		for _, c := range r.contenders {
			for _, name := range c.webhooks() {
				if line.has("name", name) && line.has("operation", "CREATE") {
					all[c] += line.value
				}
			}
		}
	}
	return all
}
