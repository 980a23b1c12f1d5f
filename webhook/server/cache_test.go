package server

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

func TestOnlyWhatIsReadIsCached(t *testing.T) {
	want := &v1alpha1.PosixIdentity{ObjectMeta: metav1.ObjectMeta{Name: "alice", ResourceVersion: "7", Labels: map[string]string{"team": "a"}}}
	want.Spec = v1alpha1.PosixIdentitySpec{Subject: "alice", UID: 1001, GID: 1002}
	full := want.DeepCopy()
	full.Annotations = map[string]string{"kubectl.kubernetes.io/last-applied-configuration": "{}"}
	full.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "kubectl"}}
	for range 2 {
		if got, err := dropUnread(full); err != nil || !cmp.Equal(got, any(want)) {
			t.Errorf("%v, got %s", err, cmp.Diff(any(want), got))
		}
	}
	gone := toolscache.DeletedFinalStateUnknown{Key: "alice", Obj: want}
	if got, err := dropUnread(gone); err != nil || !cmp.Equal(got, any(gone)) {
		t.Errorf("%v, got %v", err, got)
	}
}
