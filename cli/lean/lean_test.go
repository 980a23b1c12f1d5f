package lean

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"sigs.k8s.io/yaml"

	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/test/golden"
)

// What the webhook made of a lean job, also with fractions of GPUs, becomes the lean job again. These jobs say less
// about what was written to them than those of today's webhook.
func TestOfAdmitted(t *testing.T) {
	lean := []string{
		"everything", "gpu-zero", "home-dir", "identity", "interactive", "kai-devices", "kai-fraction", "kai-memory", "kai-whole",
		"large-shm", "large-shm-size", "node-type",
	}
	found := 0
	for _, name := range lean {
		for _, c := range golden.Cases(t, "../../webhook/policy/testdata") {
			if c.Name != name {
				continue
			}
			found++
			t.Run(name, func(t *testing.T) {
				want, got := read(t, c, "job.yaml"), Of(read(t, c, "admitted.yaml"))
				want.Spec.SSHAuthMountPath = ""                   // a case has the CRD's default
				for _, template := range mpijob.Templates(want) { // not all of them have the gate
					template.Spec.SchedulingGates = gates
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("(-lean +stripped):\n%s", diff)
				}
				if diff := cmp.Diff(got, Of(got)); diff != "" {
					t.Errorf("a lean job is changed:\n%s", diff)
				}
			})
		}
	}
	if found != len(lean) {
		t.Errorf("%d of %d cases exist", found, len(lean))
	}
}

func read(t *testing.T, c *golden.Case, file string) *v2beta1.MPIJob {
	t.Helper()
	text, _ := c.File(file)
	job := &v2beta1.MPIJob{}
	if err := yaml.Unmarshal([]byte(text), job); err != nil {
		t.Fatal(err)
	}
	return job
}
