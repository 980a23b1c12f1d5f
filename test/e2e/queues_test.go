package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/test/internal/kueue"
	"github.com/runai-mpi/runai-mpi/test/internal/lab"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// queueObjects define a queue that admits nothing yet. Kueue adds the flavor's label and toleration to the jobs
// that it admits, and removes them from those that it evicts.
const queueObjects = `
apiVersion: kueue.x-k8s.io/v1beta2
kind: ResourceFlavor
metadata: {name: lab}
spec:
  nodeLabels: {run.ai/type: ` + lab.NodeType + `}
  tolerations: [{key: example.com/lab, operator: Exists}]
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ClusterQueue
metadata: {name: research}
spec:
  stopPolicy: Hold
  namespaceSelector: {}
  resourceGroups:
  - coveredResources: [cpu, memory]
    flavors: [{name: lab, resources: [{name: cpu, nominalQuota: 8}, {name: memory, nominalQuota: 8Gi}]}]
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: LocalQueue
metadata: {name: research}
spec: {clusterQueue: research}
`

// queues has the queues of one namespace.
type queues struct {
	*kueue.Kueue
	namespace string
}

func startKueue(t *testing.T, namespace string) *queues {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	k, err := kueue.Start(ctx, product.Env, namespace)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := k.Stop(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
	})
	product.CreateManifest(t, namespace, queueObjects)
	return &queues{k, namespace}
}

// stop sets the queue's stopPolicy: whether it admits jobs, and keeps those that it has admitted.
func (q *queues) stop(t *testing.T, policy string) {
	t.Helper()
	patch := fmt.Sprintf(`--patch={"spec":{"stopPolicy":%q}}`, policy)
	suite.Kubectl(t, product.User, "", "patch", "clusterqueue", "research", "--type=merge", patch)
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
	text := suite.Kubectl(t, product.User, "", "get", "workloads", "-n", q.namespace, "-o", "json")
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
