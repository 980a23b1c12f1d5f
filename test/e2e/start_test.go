package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/lab/images"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// Interactive jobs are not retried, so none of ten in a row may fail because an sshd starts too late.
func TestNoLostRaces(t *testing.T) {
	t.Parallel()
	namespace := addProject(t, "races", v1alpha1.ProjectSpec{})
	user := alice(t, namespace)
	for who, args := range map[string][]string{"root": {"-i", images.OperatorLike}, "user": {"-i", images.OpenMPI4, "--run-as-user"}} {
		t.Run(who, func(t *testing.T) {
			t.Parallel()
			for n := range 10 {
				name := fmt.Sprintf("%s-%d", who, n)
				submit(t, user, append([]string{name, "-n", namespace, "--processes=2", "--interactive"},
					append(args, "--", "mpirun", "--allow-run-as-root", "-np", "2", "sh", "-c", whereAmI)...)...)
				isOn(t, fields(output(t, namespace, name)), name, 1)
				if stdout, stderr, _ := product.RunaiAs(t, user, "delete", name, "-n", namespace); stdout == "" {
					t.Error(stderr)
				}
			}
		})
	}
}

const manifest = `
apiVersion: kubeflow.org/v2beta1
kind: MPIJob
metadata:
  name: %s
  annotations: {run.ai/interactive: "true"}
spec:
  runPolicy: {suspend: %t, cleanPodPolicy: Running}
  mpiReplicaSpecs:
    Launcher:
      replicas: 1
      restartPolicy: Never
      template:
        spec:
          containers:
          - {name: mpi, image: "` + images.OperatorLike + `", args: [mpirun, --allow-run-as-root, -np, "2", sh, -c, "` + whereAmI + `"]}
    Worker:
      replicas: 2
      template:
        spec:
          initContainers: [{name: late, image: "` + images.OperatorLike + `", command: [sleep, "%d"]}]
          containers: [{name: mpi, image: "%s"}]
`

// Workers that take long to start do not make the launcher fail.
func TestLateWorkers(t *testing.T) {
	t.Parallel()
	namespace := addProject(t, "late", v1alpha1.ProjectSpec{})
	product.CreateManifest(t, namespace, fmt.Sprintf(manifest, "late", false, 15, images.OperatorLike))
	isOn(t, fields(output(t, namespace, "late")), "late", 1)
}

// A job that is created suspended, as in a queue, starts when it is resumed.
func TestSuspendedAndResumed(t *testing.T) {
	t.Parallel()
	namespace := addProject(t, "resumed", v1alpha1.ProjectSpec{})
	product.CreateManifest(t, namespace, fmt.Sprintf(manifest, "resumed", true, 0, images.OperatorLike))
	time.Sleep(2 * time.Second)
	const resume = `{"spec":{"runPolicy":{"suspend":false}}}`
	suite.Kubectl(t, product.User, "", "patch", "mpijob", "resumed", "-n", namespace, "--type=merge", "--patch", resume)
	isOn(t, fields(output(t, namespace, "resumed")), "resumed", 1)
}

// If workers never start, the job fails after the timeout, and names them.
func TestWorkersThatNeverStart(t *testing.T) {
	t.Parallel()
	namespace := addProject(t, "never", v1alpha1.ProjectSpec{})
	const absent = "127.0.0.1:1/absent:1" // fails at once, without a DNS lookup
	start := time.Now()
	product.CreateManifest(t, namespace, fmt.Sprintf(manifest, "never", false, 0, absent))
	suite.Eventually(t, "describe names the image", time.Minute, func() error {
		stdout, _, _ := product.Runai(t, "describe", "never", "-n", namespace)
		return suite.Says(stdout, ": pod never-worker-", fmt.Sprintf("cannot pull the image %q", absent))
	})
	if end := await(t, namespace, "never"); end != v2beta1.JobFailed {
		t.Errorf("the job ended as %s", end)
	}
	if took := time.Since(start); took < 90*time.Second || took > 120*time.Second {
		t.Errorf("it failed after %s, want about 90 s", took)
	}
	stdout, _, _ := product.Runai(t, "describe", "never", "-n", namespace)
	want := "\nFailed: the job did not start: these workers were not ready within 90 s: never-worker-0 never-worker-1. See 'kubectl logs "
	if !strings.Contains(stdout, want) {
		t.Errorf("%s\ndoes not contain %s", stdout, want)
	}
}
