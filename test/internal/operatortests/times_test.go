package operatortests

import (
	_ "embed" // the audit log
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// auditLog has a job that is requested twice, and another user's job.
//
//go:embed testdata/audit.log
var auditLog string

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
