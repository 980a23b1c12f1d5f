package e2e

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/test/internal/lab"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// queues has the queues of one namespace.
type queues struct{ *suite.Queue }

func startKueue(t *testing.T, namespace string) *queues {
	t.Helper()
	return &queues{product.StartQueue(t, namespace, lab.NodeType)}
}

// A workload is a job as Kueue sees it.
type workload struct {
	metav1.ObjectMeta `json:"metadata"`
	Status            struct {
		Conditions []metav1.Condition `json:"conditions"`
	} `json:"status"`
}

func (w workload) is(condition string) bool {
	return meta.IsStatusConditionTrue(w.Status.Conditions, condition)
}

func (q *queues) workloads(t *testing.T) []workload {
	t.Helper()
	text := suite.Kubectl(t, product.User, "", "get", "workloads", "-n", q.Namespace, "-o", "json")
	var list struct{ Items []workload }
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		t.Fatal(err)
	}
	return list.Items
}

// workload returns the workload of the only job in the queue.
func (q *queues) workload(t *testing.T) workload {
	t.Helper()
	all := q.workloads(t)
	if len(all) != 1 {
		t.Fatalf("there are %d workloads for one job: %v", len(all), all)
	}
	return all[0]
}

func (q *queues) hasWorkloads(t *testing.T, want int) error {
	t.Helper()
	if all := q.workloads(t); len(all) != want {
		return fmt.Errorf("there are %d workloads, want %d: %v", len(all), want, all)
	}
	return nil
}

func isSuspended(job *v2beta1.MPIJob) bool {
	return job.Spec.RunPolicy.Suspend != nil && *job.Spec.RunPolicy.Suspend
}

// isAdmitted asserts that the job has what Kueue adds to a job that it admits.
func isAdmitted(t *testing.T, job *v2beta1.MPIJob) {
	t.Helper()
	for role, replica := range job.Spec.MPIReplicaSpecs {
		spec := replica.Template.Spec
		if isSuspended(job) || spec.NodeSelector["run.ai/type"] != lab.NodeType || len(spec.Tolerations) != 1 {
			t.Errorf("%s: suspended: %t, node selector %v, tolerations %v", role, isSuspended(job), spec.NodeSelector, spec.Tolerations)
		}
	}
}
