package bench

import (
	"runtime"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

// memoryLimit is in bytes.
const memoryLimit = 150_000_000

// The real webhook stays below the limit, whether it watches the objects being created or
// lists them at its start.
func TestMemory(t *testing.T) {
	makeCrowd(t)
	t.Run("grown", staysSmall)
	if err := product.Webhook.Stop(); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := product.StartWebhook(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Logf("ready after %s", time.Since(start).Round(time.Millisecond))
	t.Run("restarted", staysSmall)
}

// staysSmall submits as the last person, which shows that the webhook knows everybody, then as 400 people, 8 at
// a time, and checks the peak memory.
func staysSmall(t *testing.T) {
	awaitAdmission(t, people-1, projects-1)
	var submitters errgroup.Group
	submitters.SetLimit(8)
	for n := range 400 {
		submitters.Go(func() error { return admittedAs(t.Context(), n, n) })
	}
	if err := submitters.Wait(); err != nil {
		t.Error(err)
	}
	if runtime.GOOS != "linux" {
		t.Skip("cannot measure the memory of the webhook: only Linux has /proc/PID/status")
	}
	peak, now := memory(t, "VmHWM"), memory(t, "VmRSS")
	t.Logf("%d MB at the peak, %d MB now", peak/1e6, now/1e6)
	if max(peak, now) >= memoryLimit {
		t.Errorf("%d MB at the peak, %d MB now, more than %d", peak/1e6, now/1e6, int64(memoryLimit/1e6))
	}
}

// memory returns a figure of the webhook in bytes.
func memory(t *testing.T, figure string) int64 {
	t.Helper()
	bytes, err := product.Webhook.Memory(figure)
	if err != nil {
		t.Fatal(err)
	}
	return bytes
}
