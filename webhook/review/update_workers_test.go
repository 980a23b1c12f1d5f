package review

import (
	"encoding/json"
	"strconv"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

// A job that is scaled has its new number of workers in the annotation that its launcher reads.
func TestScaledJobIsCountedAgain(t *testing.T) {
	reviewer := Reviewer{Cluster: config.Default(), Version: "(test)"}
	stored := mpijobtest.MakeMPIJob("dist1", "runai-team-a").Workers(3).Obj()
	project := &v1alpha1.Project{ObjectMeta: metav1.ObjectMeta{Name: "team-a"}}
	if _, errs := reviewer.Create(stored, Request{NamespaceFacts: NamespaceFacts{Project: project}}); len(errs) > 0 {
		t.Fatal(errs.ToAggregate())
	}
	countOf := func(job *v2beta1.MPIJob) string {
		return job.Spec.MPIReplicaSpecs[mpijob.Launcher].Template.Annotations[annotations.WorkersKey]
	}
	if count := countOf(stored); count != "3" {
		t.Fatalf("the new job has %q workers", count)
	}
	if operations := Recount(stored); operations != nil {
		t.Errorf("a job that was not scaled is changed: %v", operations)
	}
	for _, workers := range []int32{2, 40} {
		updated := stored.DeepCopy()
		updated.Spec.MPIReplicaSpecs[mpijob.Worker].Replicas = &workers
		if verdict := reviewer.ClassifyUpdate(stored, updated); verdict.Class != Steers {
			t.Fatalf("%+v", verdict)
		}
		operations, err := jsonpatch.DecodePatch(marshal(t, Recount(updated)))
		if err != nil {
			t.Fatal(err)
		}
		text, err := operations.Apply(marshal(t, updated))
		if err != nil {
			t.Fatal(err)
		}
		counted := &v2beta1.MPIJob{}
		if err := json.Unmarshal(text, counted); err != nil {
			t.Fatal(err)
		}
		if count := countOf(counted); count != strconv.Itoa(int(workers)) {
			t.Errorf("the scaled job has %q workers, want %d", count, workers)
		}
		if verdict := reviewer.ClassifyUpdate(stored, counted); verdict.Class != Steers {
			t.Errorf("the validating webhook sees %+v", verdict)
		}
		counted.Spec.MPIReplicaSpecs[mpijob.Launcher].Template.Annotations[annotations.WorkersKey] = "7"
		if verdict := reviewer.ClassifyUpdate(stored, counted); verdict.Class == Steers {
			t.Error("a wrong number is allowed")
		}
	}
}
