package operatortests

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// auditLog has a job that is requested twice, and another user's job.
const auditLog = `{"user":{"username":"bob"},"objectRef":{"resource":"mpijobs","namespace":"e2e-b"},"requestReceivedTimestamp":"2026-11-26T00:00:00.000000Z"}
{"user":{"username":"alice"},"objectRef":{"resource":"mpijobs","namespace":"e2e-a"},"requestReceivedTimestamp":"2026-11-26T00:00:01.500000Z"}
{"user":{"username":"alice"},"objectRef":{"resource":"mpijobs","namespace":"e2e-a"},"requestReceivedTimestamp":"2026-11-26T00:00:02.500000Z"}
{"objectRef":{"resource":"events","namespace":"e2e-b"},"requestObject":{"reason":"Started","involvedObject":{"name":"pi-launcher-x","fieldPath":"spec.containers{launcher}"}},"requestReceivedTimestamp":"2026-11-26T00:00:03.000000Z"}
{"objectRef":{"resource":"events","namespace":"e2e-a"},"requestObject":{"reason":"Created","involvedObject":{"name":"pi-launcher-y","fieldPath":"spec.containers{launcher}"}},"requestReceivedTimestamp":"2026-11-26T00:00:03.000000Z"}
{"objectRef":{"resource":"events","namespace":"e2e-a"},"requestObject":{"reason":"Started","involvedObject":{"name":"pi-launcher-y","fieldPath":"spec.initContainers{gate}"}},"requestReceivedTimestamp":"2026-11-26T00:00:03.000000Z"}
{"objectRef":{"resource":"events","namespace":"e2e-a"},"requestObject":{"reason":"Started","involvedObject":{"name":"pi-worker-0","fieldPath":"spec.containers{worker}"}},"requestReceivedTimestamp":"2026-11-26T00:00:03.250000Z"}
{"objectRef":{"resource":"events","namespace":"e2e-a"},"requestObject":{"reason":"Started","involvedObject":{"name":"pi-launcher-y","fieldPath":"spec.containers{launcher}"}},"requestReceivedTimestamp":"2026-11-26T00:00:04.000000Z"}
{"objectRef":{"resource":"events","namespace":"e2e-a"},"requestObject":{"reason":"Started","involvedObject":{"name":"pi-launcher-z","fieldPath":"spec.containers{launcher}"}},"requestReceivedTimestamp":"2026-11-26T00:00:05.000000Z"}
{"objectRef":{"resource":"mpijobs","subresource":"status","namespace":"e2e-a"},"requestObject":{"status":{}},"requestReceivedTimestamp":"2026-11-26T00:00:05.500000Z"}
{"objectRef":{"resource":"mpijobs","subresource":"status","namespace":"e2e-a"},"requestObject":{"status":{"completionTime":"2026-11-26T00:00:06Z"}},"requestReceivedTimestamp":"2026-11-26T00:00:06.500000Z"}
{"objectRef":{"resource":"mpijobs","subresource":"status","namespace":"e2e-a"},"requestObject":{"status":{"completionTime":"2026-11-26T00:00:06Z"}},"requestReceivedTimestamp":"2026-11-26T00:00:09.000000Z"}
`

func TestTimesOf(t *testing.T) {
	got, err := timesOf(auditLog, "alice")
	want := Times{
		Start:    2500 * time.Millisecond,
		End:      5 * time.Second,
		Requests: 2,
		Containers: []Container{
			{"pi-launcher-y", "gate", true, 1500 * time.Millisecond},
			{"pi-worker-0", "worker", false, 1750 * time.Millisecond},
			{"pi-launcher-y", "launcher", false, 2500 * time.Millisecond},
			{"pi-launcher-z", "launcher", false, 3500 * time.Millisecond},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if _, err := timesOf(auditLog, "carol"); err == nil {
		t.Error("a user who requested no job has times")
	}
}
