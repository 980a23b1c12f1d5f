package suite

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/runai-mpi/runai-mpi/test/internal/kueue"
	"github.com/runai-mpi/runai-mpi/test/internal/lab"
)

// A Queue is the queue "research" of the real Kueue, for the jobs of one namespace.
type Queue struct {
	*kueue.Kueue
	// Namespace is the namespace of the jobs.
	Namespace string

	product *Product
}

// queueObjects have the node type of the flavor. Kueue adds the flavor's label and toleration to the jobs that it
// admits, and removes them from those that it evicts.
const queueObjects = `
apiVersion: kueue.x-k8s.io/v1beta2
kind: ResourceFlavor
metadata: {name: research}
spec:
  nodeLabels: {run.ai/type: %s}
  tolerations: [{key: example.com/research, operator: Exists}]
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ClusterQueue
metadata: {name: research}
spec:
  stopPolicy: Hold
  namespaceSelector: {}
  resourceGroups:
  - coveredResources: [cpu, memory]
    flavors: [{name: research, resources: [{name: cpu, nominalQuota: 8}, {name: memory, nominalQuota: 8Gi}]}]
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: LocalQueue
metadata: {name: research}
spec: {clusterQueue: research}
`

// StartQueue runs Kueue with a queue that admits nothing yet, until the end of the test. Its jobs get the label of
// a node type. Kueue is built with what a node runs, so the test is skipped where there can be none.
func (p *Product) StartQueue(t testing.TB, namespace, nodeType string) *Queue {
	t.Helper()
	lab.Require(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	k, err := kueue.Start(ctx, p.Env, namespace)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := k.Stop(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
	})
	p.CreateManifest(t, namespace, fmt.Sprintf(queueObjects, nodeType))
	return &Queue{k, namespace, p}
}

// SetStopPolicy says whether the queue admits jobs, and keeps those that it has admitted.
func (q *Queue) SetStopPolicy(t testing.TB, policy string) {
	t.Helper()
	patch := fmt.Sprintf(`--patch={"spec":{"stopPolicy":%q}}`, policy)
	Kubectl(t, q.product.User, "", "patch", "clusterqueue", "research", "--type=merge", patch)
}
