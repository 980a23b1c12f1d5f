package policy

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
)

// FuzzAdmit admits whatever decodes as an MPIJob, beginning with the goldens: nothing makes the
// policies panic, and what they admit they admit again without a change.
func FuzzAdmit(f *testing.F) {
	goldens := loadGoldens(f)
	for i, g := range goldens {
		data, err := json.Marshal(g.job)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, uint(i))
	}
	f.Fuzz(func(t *testing.T, data []byte, n uint) {
		job := &v2beta1.MPIJob{}
		if json.Unmarshal(data, job) != nil {
			return
		}
		g := goldens[n%uint(len(goldens))]
		if _, errs := g.admitter().Admit(job, g.project); len(errs) > 0 {
			return
		}
		once := job.DeepCopy()
		if _, errs := g.admitter().Admit(job, g.project); len(errs) > 0 {
			t.Fatalf("refused the second time: %s", errs.ToAggregate())
		}
		if diff := cmp.Diff(once, job); diff != "" {
			t.Errorf("the second time changes (-once +twice):\n%s", diff)
		}
	})
}
