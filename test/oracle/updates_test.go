package oracle

import (
	"math/rand"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/oracle/randomjob"
	"github.com/runai-mpi/runai-mpi/webhook/policy"
)

// An update is refused, or restored to the stored job, or the processes are still the submitter's: an
// edit of the stored job, and one of the manifest that is applied again.
func FuzzUpdates(f *testing.F) {
	f.Add([]byte{}, []byte{}, true)
	f.Add([]byte{}, []byte{}, false)
	f.Fuzz(func(t *testing.T, data, edit []byte, again bool) {
		manifest := randomjob.New(data)
		stored := manifest.DeepCopy()
		if !admits(stored, true) {
			return
		}
		updated := stored.DeepCopy()
		if again {
			updated = manifest
		}
		randomjob.Edit(updated, edit)
		if judged(t, stored, updated) == policy.Allowed {
			checkIdentity(t, updated)
		}
	})
}

func judged(t *testing.T, stored, updated *v2beta1.MPIJob) policy.Change {
	t.Helper()
	change, _, err := admitter.Judge(stored, updated, func() (*v1alpha1.Project, error) { return project(true), nil })
	if err != nil {
		t.Fatal(err)
	}
	return change
}

// A fuzz test of updates proves nothing where all are refused.
func TestUpdatesOfEveryKind(t *testing.T) {
	const updates = 600
	changes := map[policy.Change]int{}
	for seed := range int64(updates) {
		edit := make([]byte, seed%10)
		rand.New(rand.NewSource(seed)).Read(edit)
		manifest := randomjob.New(nil)
		stored := manifest.DeepCopy()
		if !admits(stored, true) {
			t.Fatal("the plain job is refused")
		}
		updated := []*v2beta1.MPIJob{stored.DeepCopy(), manifest}[seed%2]
		randomjob.Edit(updated, edit)
		changes[judged(t, stored, updated)]++
	}
	for _, change := range []policy.Change{policy.Allowed, policy.Restorable, policy.Refused} {
		if changes[change] < updates/20 {
			t.Errorf("only %d of %d updates are of kind %d: %v", changes[change], updates, change, changes)
		}
	}
	t.Logf("%v", changes)
}
