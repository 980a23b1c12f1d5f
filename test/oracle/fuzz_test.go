package oracle

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/test/oracle/randomjob"
)

// A job is refused, or its processes are its submitter's: in a project that requires it, and where the
// job asks for it.
func FuzzEffectiveIdentity(f *testing.F) {
	f.Add([]byte{}, true)
	f.Add([]byte{}, false)
	f.Fuzz(func(t *testing.T, data []byte, required bool) {
		if job := randomjob.New(data); admits(job, required) {
			checkIdentity(t, job)
			checkAgain(t, job, required)
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
		t.Errorf("the stamp is another's (-want +got):\n%s", diff)
	}
}

// checkAgain admits what was admitted: nothing changes.
func checkAgain(t *testing.T, once *v2beta1.MPIJob, required bool) {
	t.Helper()
	twice := once.DeepCopy()
	if !admits(twice, required) {
		t.Error("refused the second time")
	} else if !equality.Semantic.DeepEqual(once, twice) {
		t.Errorf("the second time changes (-once +twice):\n%s", cmp.Diff(once, twice))
	}
}
