package review

import (
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// A review allocates little: half of its time goes into memory and its collection. The bounds are a tenth above what was
// measured with the race detector, without which there are less. To confirm a job costs no more than to create it.
func TestAllocations(t *testing.T) {
	most := map[string]float64{"plain": 250, "as-user": 320, "as-user-with-git": 460}
	for _, of := range measured {
		reviewer, request := measuredRequest()
		request.Submitted = measuredJob(of.intents)
		created := allocationsOf(t, request.Submitted, func(job *v2beta1.MPIJob) field.ErrorList {
			_, errs := reviewer.Create(job, request)
			return errs
		})
		job := request.Submitted.DeepCopy()
		if _, errs := reviewer.Create(job, request); len(errs) > 0 {
			t.Fatal(errs)
		}
		request.Submitted = job
		confirmed := allocationsOf(t, job, func(job *v2beta1.MPIJob) field.ErrorList {
			_, errs := reviewer.Confirm(job, request)
			return errs
		})
		if created > most[of.name] || confirmed > 1.05*created {
			t.Errorf("%s: %v allocations to create, at most %v expected; %v to confirm", of.name, created, most[of.name], confirmed)
		}
		t.Logf("%s: %v and %v allocations", of.name, created, confirmed)
	}
}

func allocationsOf(t *testing.T, job *v2beta1.MPIJob, review func(*v2beta1.MPIJob) field.ErrorList) float64 {
	t.Helper()
	const runs = 5
	var copies []*v2beta1.MPIJob
	for range runs + 1 { // one to warm up
		copies = append(copies, job.DeepCopy())
	}
	return testing.AllocsPerRun(runs, func() {
		if errs := review(copies[0]); len(errs) > 0 {
			t.Error(errs)
		}
		copies = copies[1:]
	})
}
