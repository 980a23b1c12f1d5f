package replicas

import (
	"sync"
	"testing"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/install"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// The date until which a project is warn-only comes and goes while jobs are created, and each replica learns it at
// another time. No creation fails: some clients try again.
func TestWarnOnlyChanges(t *testing.T) {
	namespace := product.AddProject(t, "warned-now-and-then", v1alpha1.ProjectSpec{})
	first := product.StartReplica(t, install.ReplicaOptions{Name: "warned-first"})
	second := product.StartReplica(t, install.ReplicaOptions{Name: "warned-second"})
	product.Balance(t, namespace, first, second)
	var mutex sync.Mutex
	var jobs []*v2beta1.MPIJob
	l := product.StartLoad(t, suite.LoadOptions{PerSecond: rate, Job: func(int) *v2beta1.MPIJob {
		job := mpijobtest.MakeMPIJob("", namespace).Obj()
		job.GenerateName = "dist-"
		mutex.Lock()
		defer mutex.Unlock()
		jobs = append(jobs, job)
		return job
	}})
	project := &v1alpha1.Project{ObjectMeta: metav1.ObjectMeta{Name: "warned-now-and-then"}}
	for n := 0; l.Phase("before").Created() < creations; n++ {
		date := `null`
		if n%2 == 0 {
			date = `"2999-12-31"`
		}
		patch := client.RawPatch(types.MergePatchType, []byte(`{"spec":{"warnOnlyUntil":`+date+`}}`))
		if err := product.Client.Patch(t.Context(), project, patch); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second / rate)
	}
	l.Stop()
	l.NoFailures(t, "before")
	judged := 0
	for _, job := range jobs {
		if job.Annotations[annotations.AppliedPoliciesKey] != "" {
			judged++
		}
	}
	t.Logf("%s; %d of %d jobs judged", l, judged, len(jobs))
	if judged == 0 || judged == len(jobs) {
		t.Errorf("%d of %d jobs judged", judged, len(jobs))
	}
}
