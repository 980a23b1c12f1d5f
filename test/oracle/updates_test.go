package oracle

import (
	"math/rand"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"

	"github.com/runai-mpi/runai-mpi/test/oracle/randomjob"
	"github.com/runai-mpi/runai-mpi/webhook/review"
)

// An update is refused, is restored to the stored job, or leaves the processes running as the submitter. It
// edits the stored job, or the manifest that is applied again.
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
		if reviewer.ClassifyUpdate(stored, updated).Class == review.Steers {
			checkIdentity(t, updated)
		}
	})
}

// A fuzz test of updates proves nothing if every update is refused.
func TestUpdatesOfEveryKind(t *testing.T) {
	const updates = 600
	classes := map[review.UpdateClass]int{}
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
		classes[reviewer.ClassifyUpdate(stored, updated).Class]++
	}
	for _, class := range []review.UpdateClass{review.Steers, review.Reapplies, review.Refused} {
		if classes[class] < updates/20 {
			t.Errorf("only %d of %d updates are of class %d: %v", classes[class], updates, class, classes)
		}
	}
	t.Logf("%v", classes)
}
