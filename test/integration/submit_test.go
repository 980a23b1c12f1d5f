package integration

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

// The documentation's example works as written.
func TestSeedExample(t *testing.T) {
	namespace := product.AddProject(t, "seed", dgx)
	stdout, stderr, code := product.Runai(t, "submit-mpi", "--name", "dist1", "-p", "seed", "--processes=2", "-g", "1",
		"-i", "gcr.io/run-ai-demo/quickstart-distributed")
	want := "The job 'dist1' has been submitted successfully\nYou can run `runai describe job dist1 -p seed` to check the job status\n"
	if stdout != want || stderr != "" || code != 0 {
		t.Fatalf("exit code %d, stderr %q, got\n%s", code, stderr, stdout)
	}
	found := podsOf(t, product.Job(t, namespace, "dist1"))
	if got := envOf(found.launcher)["RUNAI_MPI_NUM_WORKERS"]; got != "2" {
		t.Errorf("RUNAI_MPI_NUM_WORKERS=%s", got)
	}
	for _, pod := range found.all() {
		if len(pod.Spec.SchedulingGates) > 0 || nodeTypes(pod) != "run.ai/type In dgx;" {
			t.Errorf("%s: gates %v, node types %q", pod.Name, pod.Spec.SchedulingGates, nodeTypes(pod))
		}
	}
	for _, worker := range found.workers {
		if limit := worker.Spec.Containers[0].Resources.Limits["nvidia.com/gpu"]; limit.String() != "1" {
			t.Errorf("%s has %s GPUs", worker.Name, limit.String())
		}
	}
}

const annotated = `
apiVersion: kubeflow.org/v2beta1
kind: MPIJob
metadata:
  name: by-kubectl
  annotations:
    run.ai/project: same
    run.ai/gpu: "2"
    run.ai/large-shm: 1Gi
    run.ai/interactive: "true"
    run.ai/node-type: v100
spec:
  slotsPerWorker: 2
  runPolicy: {cleanPodPolicy: Running}
  mpiReplicaSpecs:
    Launcher:
      replicas: 1
      restartPolicy: Never
      template:
        spec:
          containers:
          - {name: mpi, image: example/train, imagePullPolicy: Always, env: [{name: A, value: "1"}], command: [mpirun, train]}
    Worker:
      replicas: 3
      template:
        spec:
          containers:
          - {name: mpi, image: example/train, imagePullPolicy: Always, env: [{name: A, value: "1"}]}
`

// The same intents make the same job with kubectl and with runai.
func TestKubectlMakesTheSameJob(t *testing.T) {
	namespace := product.AddProject(t, "same", dgx)
	product.CreateManifest(t, namespace, annotated)
	_, stderr, code := product.Runai(t, "submit-mpi", "by-runai", "-p", "same", "-g", "2", "--large-shm=1Gi",
		"--interactive", "--node-type", "v100",
		"--processes=3", "--slots-per-worker=2", "-i", "example/train", "-e", "A=1", "--command", "--", "mpirun", "train")
	if code != 0 {
		t.Fatal(stderr)
	}
	spec := func(name string) string { // but for the name, which ssh has to know
		return strings.ReplaceAll(canonical(t, product.Job(t, namespace, name).Spec), name, "NAME")
	}
	diff := cmp.Diff(spec("by-kubectl"), spec("by-runai"))
	if diff != "" {
		t.Errorf("(-kubectl +runai):\n%s", diff)
	}
}

func canonical(t *testing.T, value any) string {
	t.Helper()
	text, err := json.MarshalIndent(value, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestGeneratedNames(t *testing.T) {
	namespace := product.AddProject(t, "names", v1alpha1.ProjectSpec{})
	for _, want := range []string{"job-0", "job-1"} {
		stdout, stderr, _ := product.Runai(t, "submit-mpi", "-p", "names", "-i", "x", "-o", "name")
		if stdout != "mpijob.kubeflow.org/"+want+"\n" {
			t.Fatalf("got %q %q, want %s", stdout, stderr, want)
		}
	}
	if err := product.Client.Delete(t.Context(), product.Job(t, namespace, "job-0")); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, _ := product.Runai(t, "submit-mpi", "-p", "names", "-i", "x", "-o", "name")
	if stdout != "mpijob.kubeflow.org/job-0\n" {
		t.Errorf("the smallest free name is job-0: got %q %q", stdout, stderr)
	}
}

// Concurrent submissions get different names, without gaps.
func TestConcurrentNames(t *testing.T) {
	product.AddProject(t, "crowd", v1alpha1.ProjectSpec{})
	const people, each = 10, 20
	names := make(chan string, people*each)
	for range people {
		go func() {
			for range each {
				stdout, stderr, _ := product.Runai(t, "submit-mpi", "-p", "crowd", "--job-name-prefix", "x", "-i", "x", "-o", "name")
				names <- strings.TrimSpace(stdout + stderr)
			}
		}()
	}
	got := map[string]bool{}
	for range people * each {
		got[<-names] = true
	}
	for n := range people * each {
		if want := fmt.Sprintf("mpijob.kubeflow.org/x-%d", n); !got[want] {
			t.Errorf("no job is called %s: %v", want, got)
		}
	}
}

func TestDryRunOfTheServer(t *testing.T) {
	namespace := product.AddProject(t, "dry", dgx)
	stdout, stderr, code := product.Runai(t, "submit-mpi", "dist1", "-p", "dry", "-i", "x", "--dry-run=server")
	if code != 0 || !strings.Contains(stdout, "run.ai/applied-policies: scheduling,node-affinity") {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
	if jobs := product.Jobs(t, namespace); len(jobs) > 0 {
		t.Errorf("%d jobs, want 0", len(jobs))
	}
}
