package replicas

import (
	"fmt"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/install"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

const (
	some   = 100 // jobs
	often  = 20  // a second, which a busy machine can do too
	seldom = 5   // during an incident: what is idle meanwhile must not hurt those who come back later
	people = 8
)

// startLoad creates jobs in a namespace as dry runs.
func startLoad(t *testing.T, namespace string) *suite.Load {
	t.Helper()
	return product.StartLoad(t, suite.LoadOptions{
		PerSecond: often, Create: []client.CreateOption{client.DryRunAll},
		Job: func(int) *v2beta1.MPIJob { return mpijobtest.MakeMPIJob("load", namespace).Obj() },
	})
}

// Two replicas behind a balancer, probed as the chart says.
func two(t *testing.T, project string, drain time.Duration) (namespace string, one *install.Replica, k *kubelet) {
	t.Helper()
	namespace = product.AddProject(t, project, v1alpha1.ProjectSpec{})
	one = product.StartReplica(t, install.ReplicaOptions{Name: project + "-one", Drain: drain})
	other := product.StartReplica(t, install.ReplicaOptions{Name: project + "-two", Drain: drain})
	return namespace, one, probeReplicas(t, product.Balance(t, namespace, one, other), one, other)
}

// A replica that gets SIGTERM serves until nobody calls it any more: no creation fails.
func TestReplicaIsStopped(t *testing.T) {
	namespace, one, k := two(t, "stopped", 6*time.Second) // the probes need 4 s
	l := startLoad(t, namespace)
	l.Await(t, some)
	signal(t, one, syscall.SIGTERM)
	l.Enter("during", seldom)
	l.Await(t, 1)
	k.awaitRemoval(t, one)
	<-one.Done()
	l.Enter("after", often)
	l.Await(t, some)
	l.Stop()
	t.Log(l)
	l.NoFailures(t, "before", "during", "after")
}

// While a replica hangs, requests that reach it fail, until its endpoint is gone. None that begins later fails.
func TestReplicaHangs(t *testing.T) { goes(t, "hangs", syscall.SIGSTOP) }

// The same if it is killed.
func TestReplicaIsKilled(t *testing.T) { goes(t, "killed", syscall.SIGKILL) }

func goes(t *testing.T, project string, how syscall.Signal) {
	namespace, one, k := two(t, project, 0)
	l := startLoad(t, namespace)
	l.Await(t, some)
	signal(t, one, how)
	start := time.Now()
	l.Enter("during", seldom)
	l.Await(t, 1)
	k.awaitRemoval(t, one)
	t.Logf("its endpoint is gone after %s", time.Since(start).Round(100*time.Millisecond))
	l.Enter("after", often)
	l.Await(t, some)
	l.Stop()
	t.Log(l)
	if len(l.Failures("before", "during")) == 0 {
		t.Error("no request failed: the replica was not called")
	}
	l.NoFailures(t, "after")
}

// Users of runai notice nothing: it tries again until the endpoint is gone.
func TestCommandLineTriesAgain(t *testing.T) {
	for name, how := range map[string]syscall.Signal{"hangs": syscall.SIGSTOP, "killed": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
			namespace, one, k := two(t, "retried-"+name, 0)
			signal(t, one, how)
			var users sync.WaitGroup
			for n := range people {
				users.Go(func() {
					if _, stderr, code := product.Runai(t, "submit-mpi", fmt.Sprint("job-", n), "-n", namespace, "-i", "x"); code != 0 {
						t.Errorf("exit code %d: %s", code, stderr)
					}
				})
			}
			users.Wait()
			k.awaitRemoval(t, one)
		})
	}
}

func signal(t *testing.T, replica *install.Replica, s syscall.Signal) {
	t.Helper()
	process, err := os.FindProcess(replica.Pid())
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Signal(s); err != nil {
		t.Fatal(err)
	}
}
