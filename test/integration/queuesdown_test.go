package integration

import (
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
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// While the webhook is down, the real Kueue starts, stops and restarts jobs, and no job can be created.
func TestQueuesWhileTheWebhookIsDown(t *testing.T) {
	product.Upgrade(t, "--set", "policy.scheduling.queueLabel=kueue.x-k8s.io/queue-name")
	namespace := product.AddProject(t, "queues-down", v1alpha1.ProjectSpec{Queue: "research"})
	queue := product.StartQueue(t, namespace, "dgx")
	product.Create(t, mpijobtest.MakeMPIJob("waits", namespace).
		Limit(v2beta1.MPIReplicaTypeLauncher, corev1.ResourceCPU, "1").Limit(v2beta1.MPIReplicaTypeWorker, corev1.ResourceCPU, "1").Obj())
	if !isSuspended(product.Job(t, namespace, "waits")) {
		t.Fatal("the job was not suspended when it was created")
	}
	showsPositions(t, namespace)
	stopWebhook(t)
	for _, attempt := range []string{"first", "second"} {
		queue.SetStopPolicy(t, "None")
		suite.Eventually(t, attempt+" start of the job", suite.Soon, func() error { return isStarted(product.Job(t, namespace, "waits")) })
		queue.SetStopPolicy(t, "HoldAndDrain")
		suite.Eventually(t, attempt+" stop of the job", suite.Soon, func() error { return isStopped(product.Job(t, namespace, "waits")) })
	}
	err := product.Client.Create(t.Context(), mpijobtest.MakeMPIJob("new", namespace).Obj())
	if err := suite.Refused(err, "failed calling webhook"); err != nil {
		t.Error(err)
	}
	text, err := os.ReadFile(queue.LogFile())
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, "failed calling webhook") {
			t.Errorf("Kueue was refused: %s", line)
		}
	}
}

// showsPositions asserts that describe says where a job waits in a queue of Kueue, and why. The first job waits already.
func showsPositions(t *testing.T, namespace string) {
	t.Helper()
	second := mpijobtest.MakeMPIJob("second", namespace).Obj()
	suite.Eventually(t, "the first job is in the queue", suite.Soon, func() error {
		return describes(t, namespace, "waits", "at position 1 of queue research")
	})
	time.Sleep(1100 * time.Millisecond) // Kueue orders jobs by the second of their creation
	product.Create(t, second)
	suite.Eventually(t, "the second job is in the queue", suite.Soon, func() error {
		return describes(t, namespace, "second",
			"\nSuspended: the job waits at position 2 of queue research: ClusterQueue research is inactive. "+
				"It starts when the queue admits it. See 'kubectl describe workload mpijob-second-")
	})
	if err := product.Client.Delete(t.Context(), second); err != nil {
		t.Fatal(err)
	}
}

// describes returns an error unless describe says the words about a job.
func describes(t *testing.T, namespace, name, words string) error {
	t.Helper()
	stdout, _, _ := product.Runai(t, "describe", name, "-n", namespace)
	return suite.Says(stdout, words)
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
