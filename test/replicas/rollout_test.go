package replicas

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/install"
)

// 20 creations a second, at once, so that the API server uses connections to both replicas.
const (
	creations = 100
	burst     = 20
)

// In the middle of a roll-out, the API server calls one replica for one webhook and another for the other. No
// creation is refused, and what must be tried again succeeds by the client's own retries.
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
			product.Balance(t, namespace, before, after)
			user, unavailable := countingClient(t)
			results := make(chan error, creations)
			for n := range creations {
				go func() {
					job := mpijobtest.MakeMPIJob("", namespace).
						Annotation(annotations.GitSyncKey, "source=https://git.example.com/code").Obj()
					job.GenerateName = "dist-"
					results <- user.Create(t.Context(), job)
				}()
				if n%burst == burst-1 {
					time.Sleep(time.Second)
				}
			}
			for range creations {
				if err := <-results; apierrors.IsInvalid(err) {
					t.Errorf("refused: %s", err)
				} else if err != nil {
					t.Errorf("not tried again: %s", err)
				}
			}
			t.Logf("%d creations, %d answers 503", creations, unavailable.Load())
			if got := unavailable.Load() > 0; got != change.again {
				t.Errorf("%d answers 503", unavailable.Load())
			}
		})
	}
}

// countingClient returns a client that counts the answers 503 before it tries again.
func countingClient(t *testing.T) (client.Client, *atomic.Int64) {
	t.Helper()
	count := &atomic.Int64{}
	config := rest.CopyConfig(product.Config)
	config.QPS = -1
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(request *http.Request) (*http.Response, error) {
			response, err := next.RoundTrip(request)
			if err == nil && response.StatusCode == http.StatusServiceUnavailable {
				count.Add(1)
			}
			return response, err
		})
	})
	counting, err := client.New(config, client.Options{Scheme: product.Client.Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	return counting, count
}

type roundTripper func(*http.Request) (*http.Response, error)

func (r roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return r(request) }
