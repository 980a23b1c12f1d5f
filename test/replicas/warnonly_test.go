package replicas

import (
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/install"
)

// The date until which a project is warned only comes and goes while jobs are created, and each replica learns it at
// another time. No creation fails: some clients try again.
func TestWarnOnlyChanges(t *testing.T) {
	namespace := product.AddProject(t, "warned-now-and-then", v1alpha1.ProjectSpec{})
	first := product.StartReplica(t, install.ReplicaOptions{Name: "warned-first"})
	second := product.StartReplica(t, install.ReplicaOptions{Name: "warned-second"})
	product.Balance(t, namespace, first, second)
	user, unavailable := countingClient(t)
	project := &v1alpha1.Project{ObjectMeta: metav1.ObjectMeta{Name: "warned-now-and-then"}}
	jobs := make(chan error, creations)
	judged := make(chan bool, creations)
	for n := range creations {
		date := `null`
		if n%2 == 0 {
			date = `"2999-12-31"`
		}
		go func() {
			job := mpijobtest.MakeMPIJob(fmt.Sprintf("dist-%d", n), namespace).Obj()
			jobs <- user.Create(t.Context(), job)
			judged <- job.Annotations[annotations.AppliedPoliciesKey] != ""
		}()
		patch := client.RawPatch(types.MergePatchType, []byte(`{"spec":{"warnOnlyUntil":`+date+`}}`))
		if err := product.Client.Patch(t.Context(), project, patch); err != nil {
			t.Fatal(err)
		}
		if n%burst == burst-1 {
			time.Sleep(time.Second)
		}
	}
	both := map[bool]int{}
	for range creations {
		if err := <-jobs; err != nil {
			t.Error(err)
		}
		both[<-judged]++
	}
	t.Logf("%d jobs judged, %d warned only, %d answers 503", both[true], both[false], unavailable.Load())
	if both[true] == 0 || both[false] == 0 {
		t.Errorf("%d jobs judged, %d warned only", both[true], both[false])
	}
}
