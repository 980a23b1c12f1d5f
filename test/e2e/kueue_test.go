package e2e

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/lab"
	"github.com/runai-mpi/runai-mpi/test/internal/lab/images"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// A job in a queue of the real Kueue waits, runs, is evicted, waits, runs again, and then keeps running. The
// webhook refuses none of Kueue's updates.
func TestKueue(t *testing.T) {
	t.Parallel()
	namespace := addProject(t, "queued", v1alpha1.ProjectSpec{
		Identity: v1alpha1.IdentityRequired, Queue: "research", NodeAffinity: v1alpha1.NodeAffinity{Train: []string{lab.NodeType}},
	})
	queues := startKueue(t, namespace)
	user := alice(t, namespace)
	submit(t, user, "patient", "-n", namespace, "-i", images.OpenMPI4, "--run-as-user",
		"--processes=2", "--slots-per-worker=2", "--cpu=0.1", "--memory=64M", "--", "mpirun", "-np", "4", "sh", "-c", whoAmI+" && sleep 90")
	defer queues.wasNeverRefused(t, "patient") // deferred, because a refusal may be why another check fails
	queues.holds(t, "patient")
	first := queues.releases(t, "patient")
	queues.drains(t, "patient")
	second := queues.releases(t, "patient")
	if first == second {
		t.Errorf("launcher %s was not evicted", first)
	}
	queues.keepsRunning(t, "patient", time.Minute)
	isAlice(t, fields(output(t, namespace, "patient")), "patient")
	if _, stderr, code := product.RunaiAs(t, user, "delete", "patient", "-n", namespace); code != 0 {
		t.Error(stderr)
	}
	suite.Eventually(t, "the workload is gone", time.Minute, func() error { return queues.hasWorkloads(t, 0) })
}

// holds asserts that a new job waits, and that describe says why.
func (q *queues) holds(t *testing.T, name string) {
	t.Helper()
	if !isSuspended(product.Job(t, q.Namespace, name)) {
		t.Fatal("the job was not suspended when it was created")
	}
	suite.Eventually(t, "Kueue has a workload for the job", time.Minute, func() error { return q.hasWorkloads(t, 1) })
	if w := q.workload(t); w.is("Admitted") {
		t.Errorf("the queue admits the job although it is on hold: %v", w.Status.Conditions)
	}
	if err := product.HasPods(t, q.Namespace, 0); err != nil {
		t.Errorf("the queue is on hold: %s", err)
	}
	suite.Eventually(t, "describe says where it waits", suite.Soon, func() error {
		stdout, _, _ := product.Runai(t, "describe", name, "-n", q.Namespace)
		return suite.Says(stdout, "Suspended: the job waits at position 1 of queue research: ClusterQueue research is inactive. It starts")
	})
}

// releases lets the queue admit jobs, waits until all ranks of the job run, and returns the launcher's UID.
func (q *queues) releases(t *testing.T, name string) (launcher string) {
	t.Helper()
	q.SetStopPolicy(t, "None")
	suite.Eventually(t, "the job is admitted", time.Minute, func() error {
		if w := q.workload(t); !w.is("Admitted") {
			return fmt.Errorf("the conditions are %v", w.Status.Conditions)
		}
		return nil
	})
	suite.Eventually(t, "all ranks run", 2*time.Minute, func() error {
		stdout, stderr, _ := product.Runai(t, "logs", name, "-n", q.Namespace)
		if ranks := len(fields(stdout)); ranks != 4 {
			return fmt.Errorf("%d ranks printed a line: %s%s", ranks, stdout, stderr)
		}
		return nil
	})
	isAdmitted(t, product.Job(t, q.Namespace, name))
	return q.launcher(t)
}

// drains evicts the job, and waits until it has no pods.
func (q *queues) drains(t *testing.T, name string) {
	t.Helper()
	q.SetStopPolicy(t, "HoldAndDrain")
	suite.Eventually(t, "the job is evicted", time.Minute, func() error {
		if w := q.workload(t); !w.is("Evicted") || w.is("Admitted") {
			return fmt.Errorf("the conditions are %v", w.Status.Conditions)
		}
		if !isSuspended(product.Job(t, q.Namespace, name)) {
			return errors.New("it is not suspended")
		}
		return product.HasPods(t, q.Namespace, 0)
	})
}

// keepsRunning asserts that a job keeps running undisturbed.
func (q *queues) keepsRunning(t *testing.T, name string, duration time.Duration) {
	t.Helper()
	workload, launcher := q.workload(t).UID, q.launcher(t)
	for end := time.Now().Add(duration); time.Now().Before(end); time.Sleep(time.Second) {
		if now := q.workload(t); now.UID != workload || !now.is("Admitted") {
			t.Fatalf("workload %s was disturbed: %v", workload, now)
		}
		if again := q.launcher(t); again != launcher || isSuspended(product.Job(t, q.Namespace, name)) {
			t.Fatalf("the job was started again: launcher %s was %s", again, launcher)
		}
	}
}

// launcher returns the UID of the launcher's pod, and fails the test unless there is exactly one.
func (q *queues) launcher(t *testing.T) string {
	t.Helper()
	pods := product.Pods(t, q.Namespace, client.MatchingLabels{"training.kubeflow.org/job-role": "launcher"})
	if len(pods) != 1 {
		t.Fatalf("there are %d launchers, want 1", len(pods))
	}
	return string(pods[0].UID)
}
