package bench

import (
	"context"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apiruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/pager"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/process"
	"github.com/runai-mpi/runai-mpi/test/ranges"
)

// The real webhook stays small, whether it watches the objects being created or lists them at its start.
func TestMemory(t *testing.T) {
	makeCrowd(t)
	ranges.Check(t, "memory-grown", peak(t))
	if err := product.Webhook.Stop(); err != nil {
		t.Fatal(err)
	}
	t.Run("start", starts)
	ranges.Check(t, "memory-restarted", peak(t))
}

// starts starts the webhook again, and counts what it asks for.
func starts(t *testing.T) {
	before, start := lists(t), time.Now()
	if err := product.StartWebhook(t.Context()); err != nil {
		t.Fatal(err)
	}
	took := time.Since(start)
	for resource, objects := range map[string]int{"posixidentities": people, "projects": projects, "namespaces": namespaces} {
		if got, want := lists(t)[resource]-before[resource], objects/1000; got < want || got > want+1 {
			t.Errorf("listed %d %s with %d requests, want pages of 1,000", objects, resource, got)
		}
	}
	start = time.Now()
	for _, list := range []client.ObjectList{&v1alpha1.PosixIdentityList{}, &v1alpha1.ProjectList{}, &corev1.NamespaceList{}} {
		all := pager.New(func(ctx context.Context, page metav1.ListOptions) (apiruntime.Object, error) {
			return list, product.Client.List(ctx, list, &client.ListOptions{Raw: &page})
		})
		if err := all.EachListItem(t.Context(), metav1.ListOptions{}, func(apiruntime.Object) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	bare := time.Since(start)
	t.Logf("ready after %s; to list what it reads takes %s", took.Round(time.Millisecond), bare.Round(time.Millisecond))
	ranges.Check(t, "start-to-lists", took.Seconds()/bare.Seconds())
}

// lists returns how many lists the API server has answered, by resource.
func lists(t *testing.T) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for _, s := range metricsOf(t, "apiserver_request_total{") {
		if s.has("code", "200") && s.has("verb", "LIST") {
			counts[s.label("resource")] += s.value
		}
	}
	return counts
}

// peak submits as the last person, which shows that the webhook knows everybody, then as 400 people, 8 at a time, and
// returns the most megabytes that the webhook has had.
func peak(t *testing.T) float64 {
	t.Helper()
	awaitAdmission(t, people-1, projects-1)
	awaitAdmission(t, people-1, namespaces-1)
	var submitters errgroup.Group
	submitters.SetLimit(8)
	for n := range 400 {
		submitters.Go(func() error { return admittedAs(t.Context(), n, n) })
	}
	if err := submitters.Wait(); err != nil {
		t.Error(err)
	}
	return megabytes(t, product.Webhook, "VmHWM")
}

// megabytes returns a figure of the memory of a process. It needs Linux.
func megabytes(t *testing.T, p *process.Process, figure string) float64 {
	t.Helper()
	bytes, err := p.Memory(figure)
	if err != nil {
		t.Fatal(err)
	}
	return float64(bytes / 1_000_000)
}
