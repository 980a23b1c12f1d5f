package integration

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// The webhook computes the size of the operator's ConfigMap as the operator writes it, for each kind of hostfile.
func TestHostListsOfTheOperator(t *testing.T) {
	namespace := product.AddProject(t, "hosts", v1alpha1.ProjectSpec{})
	works := func(job *v2beta1.MPIJob) { yes := true; job.Spec.RunLauncherAsWorker = &yes }
	slots := func(n int32) func(*v2beta1.MPIJob) { return func(job *v2beta1.MPIJob) { job.Spec.SlotsPerWorker = &n } }
	implementation := func(name v2beta1.MPIImplementation) func(*v2beta1.MPIJob) {
		return func(job *v2beta1.MPIJob) { job.Spec.MPIImplementation = name }
	}
	for name, change := range map[string]func(*v2beta1.MPIJob){
		"openmpi": slots(128), "intel": implementation("Intel"), "mpich": implementation("MPICH"), "launcher": works,
		"default": implementation(""), "a-job-with-a-long-name": slots(1),
	} {
		t.Run(name, func(t *testing.T) {
			job := suite.Create(t, product.Client, mpijobtest.MakeMPIJob(name, namespace).Workers(11).Job(change).Obj())
			for _, pod := range podsOf(t, job).workers {
				pending := client.MergeFrom(pod.DeepCopy())
				pod.Status.Phase = corev1.PodRunning
				if err := product.Client.Status().Patch(t.Context(), &pod, pending); err != nil {
					t.Fatal(err)
				}
			}
			want := mpijob.HostListsSize(job, 11)
			suite.Eventually(t, "the operator lists all hosts", suite.Soon, func() error {
				lists := &corev1.ConfigMap{}
				key := client.ObjectKey{Namespace: namespace, Name: name + "-config"}
				if err := product.Client.Get(t.Context(), key, lists); err != nil {
					return err
				}
				size := int64(0)
				for _, text := range lists.Data {
					size += int64(len(text))
				}
				if size != want {
					return fmt.Errorf("the ConfigMap has %d bytes, want %d:\n%v", size, want, lists.Data)
				}
				return nil
			})
		})
	}
}

// The API server stores as many bytes as the webhook believes, and not one more.
func TestLargestHostLists(t *testing.T) {
	namespace := product.AddProject(t, "largest-hosts", v1alpha1.ProjectSpec{})
	half := strings.Repeat("x", mpijob.LargestHostLists/2)
	for _, test := range []struct{ name, extra, refusal string }{{"largest", "", ""}, {"larger", "x", "Too long"}} {
		lists := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: test.name, Namespace: namespace}}
		lists.Data = map[string]string{"hostfile": half, "discover_hosts.sh": half + test.extra}
		err := product.Client.Create(t.Context(), lists)
		if (err == nil) != (test.refusal == "") || err != nil && !strings.Contains(err.Error(), test.refusal) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}
