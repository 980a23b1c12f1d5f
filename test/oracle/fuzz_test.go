package oracle

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/test/oracle/randomjob"
)

// A job is refused, or its processes run as its submitter: if the project requires it, and if
// the job requests it.
func FuzzEffectiveIdentity(f *testing.F) {
	f.Add([]byte{}, true)
	f.Add([]byte{}, false)
	f.Fuzz(func(t *testing.T, data []byte, required bool) {
		if job := randomjob.New(data); admits(job, required) {
			checkIdentity(t, job)
			checkAgain(t, job, required)
			if required {
				checkReach(t, job)
			}
		}
	})
}

func checkIdentity(t *testing.T, job *v2beta1.MPIJob) {
	t.Helper()
	for _, finding := range Findings(job, randomjob.Identity) {
		t.Error(finding)
	}
	stamp, err := annotations.ParseStamp(job.Annotations)
	if err != nil {
		t.Fatal(err)
	}
	want := &annotations.Stamp{Username: alice.Username, UserUID: alice.UID, Identity: &randomjob.Identity}
	if diff := cmp.Diff(want, stamp); diff != "" {
		t.Errorf("the stamp is wrong (-want +got):\n%s", diff)
	}
}

func checkReach(t *testing.T, job *v2beta1.MPIJob) {
	t.Helper()
	for _, finding := range Reach(job) {
		t.Errorf("reaches what may belong to others: %s", finding)
	}
}

// checkAgain asserts that admitting a job again changes nothing.
func checkAgain(t *testing.T, once *v2beta1.MPIJob, required bool) {
	t.Helper()
	twice := once.DeepCopy()
	if !admits(twice, required) {
		t.Error("the admitted job is refused the second time")
	} else if !equality.Semantic.DeepEqual(once, twice) {
		t.Errorf("admitting the job again changes it (-once +twice):\n%s", cmp.Diff(once, twice))
	}
}
