package bench

import (
	"context"
	"regexp"
	"runtime"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apiruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/pager"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/install"
	"github.com/runai-mpi/runai-mpi/test/internal/process"
)

// memoryLimit is in bytes, for a webhook that knows the crowd and is used.
const memoryLimit = 150_000_000

// idleLimit is for what a webhook that knows nobody has allocated. Another 30 to 40 MB are pages of its executable: how
// many are mapped depends on what the machine has cached of the file.
const idleLimit = 20_000_000

// The real webhook stays below the limits, whether it watches the objects being created or lists them at its start.
func TestMemory(t *testing.T) {
	t.Run("idle", idle)
	makeCrowd(t)
	t.Run("grown", staysSmall)
	if err := product.Webhook.Stop(); err != nil {
		t.Fatal(err)
	}
	t.Run("start", starts)
	t.Run("restarted", staysSmall)
}

// idle must run before the crowd exists.
func idle(t *testing.T) {
	replica := product.StartReplica(t, install.ReplicaOptions{Name: "idle"})
	all, own := memory(t, replica.Process, "VmRSS"), memory(t, replica.Process, "RssAnon")
	t.Logf("%d MB, of which %d MB are its own", all/1e6, own/1e6)
	if own >= idleLimit {
		t.Errorf("%d MB are its own, more than %d", own/1e6, int64(idleLimit/1e6))
	}
}

// startRatio is at most how much longer a start takes than only listing what it reads, in the same pages.
const startRatio = 4

// starts starts the webhook again, and counts what it asks for.
func starts(t *testing.T) {
	before, start := lists(t), time.Now()
	if err := product.StartWebhook(t.Context()); err != nil {
		t.Fatal(err)
	}
	took := time.Since(start)
	for resource, objects := range map[string]int{"posixidentities": people, "projects": projects, "namespaces": namespaces} {
		if got, want := lists(t)[resource]-before[resource], objects/500; got < want || got > want+1 {
			t.Errorf("listed %d %s with %d requests, want pages of 500", objects, resource, got)
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
	if took > startRatio*bare {
		t.Errorf("a start takes %.1f times as long as the lists", took.Seconds()/bare.Seconds())
	}
}

var listed = regexp.MustCompile(`(?m)^apiserver_request_total{code="200",.*resource="(\w+)",.*verb="LIST",.*} (\d+)$`)

// lists returns how many lists the API server has answered, by resource.
func lists(t *testing.T) map[string]int {
	t.Helper()
	metrics, err := clientset(t).CoreV1().RESTClient().Get().AbsPath("/metrics").DoRaw(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, match := range listed.FindAllStringSubmatch(string(metrics), -1) {
		number, err := strconv.Atoi(match[2])
		if err != nil {
			t.Fatal(err)
		}
		counts[match[1]] += number
	}
	return counts
}

// staysSmall submits as the last person, which shows that the webhook knows everybody, then as 400 people, 8 at
// a time, and checks the peak memory.
func staysSmall(t *testing.T) {
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
	peak, now := memory(t, product.Webhook, "VmHWM"), memory(t, product.Webhook, "VmRSS")
	t.Logf("%d MB at the peak, %d MB now", peak/1e6, now/1e6)
	if max(peak, now) >= memoryLimit {
		t.Errorf("%d MB at the peak, %d MB now, more than %d", peak/1e6, now/1e6, int64(memoryLimit/1e6))
	}
}

// memory returns a figure of a webhook in bytes.
func memory(t *testing.T, webhook *process.Process, figure string) int64 {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("cannot measure the memory of the webhook: only Linux has /proc/PID/status")
	}
	bytes, err := webhook.Memory(figure)
	if err != nil {
		t.Fatal(err)
	}
	return bytes
}
