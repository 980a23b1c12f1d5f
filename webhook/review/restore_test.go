package review

import (
	"encoding/json"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

// Applying a manifest again loses nothing that a policy wrote, and keeps what steers the job.
func TestRestoreKeepsWhatPoliciesWroteAndWhatSteers(t *testing.T) {
	reviewer := Reviewer{Cluster: config.Default(), Version: "(test)"}
	manifest := mpijobtest.MakeMPIJob("dist1", "runai-team-a").Workers(2).Annotation(annotations.InteractiveKey, "true").Obj()
	project := &v1alpha1.Project{ObjectMeta: metav1.ObjectMeta{Name: "team-a"}}
	stored := manifest.DeepCopy()
	if _, errs := reviewer.Create(stored, Request{NamespaceFacts: NamespaceFacts{Project: project}}); len(errs) > 0 {
		t.Fatal(errs.ToAggregate())
	}
	suspend := true
	manifest.Spec.RunPolicy.Suspend = &suspend
	if verdict := reviewer.ClassifyUpdate(stored, manifest); verdict.Class != Reapplies {
		t.Fatalf("%+v", verdict)
	}
	got := &v2beta1.MPIJob{}
	if err := json.Unmarshal(restored(t, reviewer, stored, marshal(t, stored), marshal(t, manifest)), got); err != nil {
		t.Fatal(err)
	}
	want := stored.DeepCopy()
	want.Spec.RunPolicy.Suspend = &suspend
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestKeepOwned(t *testing.T) {
	reviewer := Reviewer{Cluster: config.Default()}
	stored := mpijobtest.MakeMPIJob("dist1", "runai-team-a").Annotation(annotations.InteractiveKey, "true").Obj()
	for _, test := range []struct{ name, before, after, want string }{
		{"an owned field is kept", `{"backoffLimit":0}`, `{"suspend":true}`, `{"backoffLimit":0,"suspend":true}`},
		{"also if nothing came", `{"backoffLimit":0}`, ``, `{"backoffLimit":0}`},
		{"another value of it does not count", `{"backoffLimit":0}`, `{"backoffLimit":6}`, `{"backoffLimit":0}`},
		{"nor does one that was not there", `{}`, `{"backoffLimit":6,"suspend":true}`, `{"suspend":true}`},
		{"all else is the update's", `{"suspend":false,"unknown":1}`, `{"ttlSecondsAfterFinished":1}`, `{"ttlSecondsAfterFinished":1}`},
		{"numbers stay as they are written", `{}`, `{"unknown":12345678901234567890}`, `{"unknown":12345678901234567890}`},
		{"another type than an object is the update's", `{}`, `[]`, `[]`},
	} {
		got, err := keepOwned(json.RawMessage(test.before), json.RawMessage(test.after), runPolicyField, reviewer.ownedIn(stored))
		if err != nil || string(got) != test.want {
			t.Errorf("%s: got %s, %v, want %s", test.name, got, err, test.want)
		}
	}
}

func restored(t *testing.T, reviewer Reviewer, stored *v2beta1.MPIJob, storedRaw, updatedRaw []byte) []byte {
	t.Helper()
	operations, err := reviewer.Restore(stored, storedRaw, updatedRaw)
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := jsonpatch.DecodePatch(marshal(t, operations))
	if err != nil {
		t.Fatal(err)
	}
	result, err := decoded.Apply(updatedRaw)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func marshal(t *testing.T, value any) []byte {
	t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
