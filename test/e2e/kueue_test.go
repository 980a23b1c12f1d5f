package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/lab"
	"github.com/runai-mpi/runai-mpi/test/internal/lab/images"
)

// A job in a queue of the real Kueue: it waits, runs, is evicted, waits, runs again, and is then left in
// peace. We refuse none of the updates by which Kueue does all this.
func TestKueue(t *testing.T) {
	t.Parallel()
	namespace := addProject(t, "queued", v1alpha1.ProjectSpec{Queue: "research", NodeAffinity: v1alpha1.NodeAffinity{Train: []string{lab.NodeType}}})
	queues := startKueue(t, namespace)
	user := alice(t, namespace)
	submit(t, user, "patient", "-n", namespace, "-i", images.OpenMPI4, "--run-as-user", "--processes=2", "--slots-per-worker=2", "--cpu=0.1", "--memory=64M",
		"--", "mpirun", "-np", "4", "sh", "-c", whoAmI+" && sleep 90")
	defer queues.wasNeverRefused(t, "patient") // last, and also where a refusal is why something else fails
	queues.holds(t, "patient")
	first := queues.releases(t, "patient")
	queues.drains(t, "patient")
	second := queues.releases(t, "patient")
	if first == second {
		t.Errorf("launcher %s was not evicted", first)
	}
	queues.leavesInPeace(t, "patient", time.Minute)
	isAlice(t, fields(output(t, namespace, "patient")), "patient")
	if _, stderr, code := runai(t, user, "delete", "patient", "-n", namespace); code != 0 {
		t.Error(stderr)
	}
	eventually(t, time.Minute, "the workload is gone", func(context.Context) bool { return len(queues.workloads(t)) == 0 })
}

// holds asserts that a job which was just submitted waits, and that its owner can read why.
func (q *queues) holds(t *testing.T, name string) {
	t.Helper()
	if !isSuspended(get(t, q.namespace, name)) {
		t.Fatal("the job was not suspended when it was created")
	}
	eventually(t, time.Minute, "Kueue has a workload for the job", func(context.Context) bool { return len(q.workloads(t)) == 1 })
	if w := q.workload(t); w.is("Admitted") || q.pods(t) != 0 {
		t.Errorf("the queue is held, and admits: %v, %d pods", w.Status.Conditions, q.pods(t))
	}
	stdout, _, _ := runai(t, "", "describe", name, "-n", q.namespace)
	if want := "The job is suspended and waits for its turn in queue research"; !strings.Contains(stdout, want) {
		t.Errorf("%s\ndoes not say %s", stdout, want)
	}
}

// releases lets the queue admit, waits until all ranks of the job run, and returns the launcher.
func (q *queues) releases(t *testing.T, name string) (launcher string) {
	t.Helper()
	q.stop(t, "None")
	eventually(t, time.Minute, "the job is admitted", func(context.Context) bool { return q.workload(t).is("Admitted") })
	eventually(t, 2*time.Minute, "all ranks run", func(context.Context) bool {
		stdout, _, _ := runai(t, "", "logs", name, "-n", q.namespace)
		return len(fields(stdout)) == 4
	})
	isAdmitted(t, get(t, q.namespace, name))
	return q.launcher(t)
}

// drains evicts the job and waits until nothing of it runs.
func (q *queues) drains(t *testing.T, name string) {
	t.Helper()
	q.stop(t, "HoldAndDrain")
	eventually(t, time.Minute, "the job is evicted", func(context.Context) bool {
		w := q.workload(t)
		return w.is("Evicted") && !w.is("Admitted") && isSuspended(get(t, q.namespace, name)) && q.pods(t) == 0
	})
}

// leavesInPeace asserts that a running job stays what it is.
func (q *queues) leavesInPeace(t *testing.T, name string, duration time.Duration) {
	t.Helper()
	workload, launcher := q.workload(t).UID, q.launcher(t)
	for end := time.Now().Add(duration); time.Now().Before(end); time.Sleep(time.Second) {
		if now := q.workload(t); now.UID != workload || !now.is("Admitted") {
			t.Fatalf("workload %s was not left in peace: %v", workload, now)
		}
		if again := q.launcher(t); again != launcher || isSuspended(get(t, q.namespace, name)) {
			t.Fatalf("the job was started again: launcher %s was %s", again, launcher)
		}
	}
}

// launcher is the UID of the pod, and fails the test where there is not exactly one.
func (q *queues) launcher(t *testing.T) string {
	t.Helper()
	var pods corev1.PodList
	if err := product.Client.List(t.Context(), &pods, client.InNamespace(q.namespace), client.MatchingLabels{"training.kubeflow.org/job-role": "launcher"}); err != nil {
		t.Fatal(err)
	}
	if len(pods.Items) != 1 {
		t.Fatalf("there are %d launchers", len(pods.Items))
	}
	return string(pods.Items[0].UID)
}
