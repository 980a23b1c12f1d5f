package integration

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/kueue"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// queueOnHold is a queue that admits nothing yet. Kueue adds the flavor's label and toleration to the jobs that it
// admits.
const queueOnHold = `
apiVersion: kueue.x-k8s.io/v1beta2
kind: ResourceFlavor
metadata: {name: dgx}
spec:
  nodeLabels: {run.ai/type: dgx}
  tolerations: [{key: example.com/dgx, operator: Exists}]
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ClusterQueue
metadata: {name: research}
spec:
  stopPolicy: Hold
  namespaceSelector: {}
  resourceGroups:
  - coveredResources: [cpu, memory]
    flavors: [{name: dgx, resources: [{name: cpu, nominalQuota: 8}, {name: memory, nominalQuota: 8Gi}]}]
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: LocalQueue
metadata: {name: research}
spec: {clusterQueue: research}
`

// While the webhook is down, the real Kueue starts, stops and restarts jobs, and no job can be created.
func TestQueuesWhileTheWebhookIsDown(t *testing.T) {
	product.Upgrade(t, "--set", "policy.scheduling.queueLabel=kueue.x-k8s.io/queue-name")
	namespace := product.AddProject(t, "queues-down", v1alpha1.ProjectSpec{Queue: "research"})
	log := startKueue(t, namespace)
	product.CreateManifest(t, namespace, queueOnHold)
	product.Create(t, mpijobtest.MakeMPIJob("waits", namespace).
		Limit(v2beta1.MPIReplicaTypeLauncher, corev1.ResourceCPU, "1").Limit(v2beta1.MPIReplicaTypeWorker, corev1.ResourceCPU, "1").Obj())
	if !isSuspended(product.Job(t, namespace, "waits")) {
		t.Fatal("the job was not suspended when it was created")
	}
	stopWebhook(t)
	for _, attempt := range []string{"first", "second"} {
		stopQueue(t, "None")
		suite.Eventually(t, attempt+" start of the job", suite.Soon, func() error { return isStarted(product.Job(t, namespace, "waits")) })
		stopQueue(t, "HoldAndDrain")
		suite.Eventually(t, attempt+" stop of the job", suite.Soon, func() error { return isStopped(product.Job(t, namespace, "waits")) })
	}
	err := product.Client.Create(t.Context(), mpijobtest.MakeMPIJob("new", namespace).Obj())
	if err := suite.Refused(err, "failed calling webhook"); err != nil {
		t.Error(err)
	}
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, "failed calling webhook") {
			t.Errorf("Kueue was refused: %s", line)
		}
	}
}

// startKueue runs Kueue until the end of the test, and returns the path of its log.
func startKueue(t *testing.T, namespace string) (log string) {
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
	return k.LogFile()
}

func stopQueue(t *testing.T, policy string) {
	t.Helper()
	patch := fmt.Sprintf(`--patch={"spec":{"stopPolicy":%q}}`, policy)
	suite.Kubectl(t, product.User, "", "patch", "clusterqueue", "research", "--type=merge", patch)
}

func isSuspended(job *v2beta1.MPIJob) bool {
	return job.Spec.RunPolicy.Suspend != nil && *job.Spec.RunPolicy.Suspend
}

func isStarted(job *v2beta1.MPIJob) error {
	if isSuspended(job) {
		return errors.New("it is suspended")
	}
	for role, replica := range job.Spec.MPIReplicaSpecs {
		if spec := replica.Template.Spec; spec.NodeSelector["run.ai/type"] != "dgx" || len(spec.Tolerations) != 1 {
			return fmt.Errorf("%s: node selector %v, tolerations %v", role, spec.NodeSelector, spec.Tolerations)
		}
	}
	return nil
}

func isStopped(job *v2beta1.MPIJob) error {
	if !isSuspended(job) {
		return errors.New("it is not suspended")
	}
	for role, replica := range job.Spec.MPIReplicaSpecs {
		if spec := replica.Template.Spec; len(spec.NodeSelector)+len(spec.Tolerations) != 0 {
			return fmt.Errorf("%s: node selector %v, tolerations %v", role, spec.NodeSelector, spec.Tolerations)
		}
	}
	return nil
}
