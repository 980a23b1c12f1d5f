package state

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

// jobsWithPods returns jobs in several namespaces, some of them of the same name, and a pod of each.
func jobsWithPods(number int) (jobs []*v2beta1.MPIJob, pods []corev1.Pod) {
	for i := range number {
		job := mpijobtest.MakeMPIJob(fmt.Sprint("job-", i/2), fmt.Sprint("runai-", i%2)).Obj()
		jobs = append(jobs, job)
		pods = append(pods, corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{
				Name: fmt.Sprint(job.Name, "-worker-", i), Namespace: job.Namespace, Labels: map[string]string{v2beta1.JobNameLabel: job.Name},
			},
			Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "mpi"}}},
		})
	}
	return jobs, pods
}

func TestNewAll(t *testing.T) {
	jobs, pods := jobsWithPods(10)
	pods = append(pods, pods[3])
	pods = append(pods, corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "of-nobody", Namespace: "runai-0"}, Spec: pods[0].Spec})
	for i, job := range NewAll(jobs, pods) {
		if diff := cmp.Diff(New(jobs[i], pods), job); diff != "" || len(job.Pods) == 0 {
			t.Errorf("job %d has %d pods (-want +got):\n%s", i, len(job.Pods), diff)
		}
	}
}
