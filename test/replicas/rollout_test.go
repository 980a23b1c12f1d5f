package replicas

import (
	"net/http"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/install"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

const (
	creations = 100
	rate      = 20 // a second
)

// In the middle of a roll-out, the API server calls one replica for one webhook and another for the other. No
// creation is refused, and what must be tried again succeeds by the client's own retries: at the latest when the
// roll-out ends. client-go tries for ten seconds, and the roll-out here takes about six.
func TestRollOut(t *testing.T) {
	for _, change := range []struct {
		name, set string
		again     bool // some creations must be tried again
	}{
		{"image", "policy.gitSync.image=example/git-sync:v5", false},
		{"scheduler", "policy.scheduling.schedulerName=another", false},
		{"queue", "policy.scheduling.queueLabel=kueue.x-k8s.io/queue-name", true},
	} {
		t.Run(change.name, func(t *testing.T) {
			namespace := product.AddProject(t, "rollout-"+change.name, v1alpha1.ProjectSpec{})
			before := product.StartReplica(t, install.ReplicaOptions{Name: change.name + "-old"})
			after := product.StartReplica(t, install.ReplicaOptions{Name: change.name + "-new"}, "--set", change.set)
			balancer := product.Balance(t, namespace, before, after)
			l := product.StartLoad(t, suite.LoadOptions{PerSecond: rate, Job: func(int) *v2beta1.MPIJob {
				job := mpijobtest.MakeMPIJob("", namespace).Annotation(annotations.GitSyncKey, "source=https://git.example.com/code").Obj()
				job.GenerateName = "dist-"
				return job
			}})
			l.Await(t, creations)
			balancer.SetBackends(install.Addresses(after)...)
			l.Stop()
			t.Log(l)
			l.NoFailures(t, "before")
			if unavailable := l.Phase("before").Answers(http.StatusServiceUnavailable); (unavailable > 0) != change.again {
				t.Errorf("%d answers 503", unavailable)
			}
		})
	}
}
