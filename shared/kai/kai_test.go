package kai

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
)

func TestPodGroupNames(t *testing.T) {
	job := &metav1.ObjectMeta{Name: "pg-job-1", UID: "0b6c9e2f-5a0e-4a5c-9d0a-1f2e3d4c5b6a"}
	name := PodGroupName(job)
	if name != "pg-pg-job-1-0b6c9e2f-5a0e-4a5c-9d0a-1f2e3d4c5b6a" || WorkloadOf(name) != "pg-job-1" {
		t.Errorf("got %s of %s", name, WorkloadOf(name))
	}
	if got := WorkloadOf("by-hand"); got != "by-hand" {
		t.Errorf("got %s", got)
	}
}

// A fraction is never rounded to zero or to a whole GPU.
func TestFractionStaysAFraction(t *testing.T) {
	for text, want := range map[string]annotations.GPU{
		"0.5": 500_000_000, "1e-30": 1, "0.99999999999": annotations.OneGPU - 1, "0.1234567894": 123_456_789,
	} {
		if got, err := ParseFraction(text); got != want || err != nil || !got.IsFraction() {
			t.Errorf("%s: got %d, %v", text, got, err)
		}
	}
}

func TestRequests(t *testing.T) {
	for key, want := range map[string]bool{
		Fraction: true, Memory: true, Devices: true, MPS: true, "nvidia.com/container.mpi.gpu-memory.request": true,
		"kai.scheduler/container.mpi.gpu-memory.portion.limit": true,
		ContainerName: false, "gpu-memory-note": false, "nvidia.com/container.mpi.gpus.devices": false, "kai.scheduler/queue": false,
	} {
		if got := IsRequest(key, "true"); got != want {
			t.Errorf("%s: got %t", key, got)
		}
	}
	if IsRequest(MPS, "false") {
		t.Error("mps: false requests something")
	}
}
