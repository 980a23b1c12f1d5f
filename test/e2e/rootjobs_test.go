package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/lab"
	"github.com/runai-mpi/runai-mpi/test/internal/lab/images"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

const whereAmI = "echo rank=$OMPI_COMM_WORLD_RANK on=$(hostname)" + images.Linger

// The documentation's example works, and so does the walkthrough's, whose image sleeps to wait for its workers.
func TestSeedExample(t *testing.T) {
	namespace := addProject(t, "seed", v1alpha1.ProjectSpec{NodeAffinity: v1alpha1.NodeAffinity{Train: []string{lab.NodeType}}})
	haveGPUs(t)
	for name, args := range map[string][]string{"dist1": nil, "dist": {"-e", "RUNAI_SLEEP_SECS=60"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			submission := []string{"--name", name, "-p", "seed", "--processes=2", "-g", "1", "-i", images.QuickstartLike}
			submit(t, "", append(submission, args...)...)
			out := output(t, namespace, name)
			for rank := range 2 {
				if want := fmt.Sprintf("host %s-worker-%d rank %d of 2\n", name, rank, rank); !strings.Contains(out, want) {
					t.Errorf("%s does not contain %s", out, want)
				}
			}
		})
	}
}

// haveGPUs advertises GPUs on the real node, which has none.
func haveGPUs(t *testing.T) {
	t.Helper()
	const patch = `{"status":{"capacity":{"nvidia.com/gpu":"4"}}}`
	suite.Kubectl(t, product.User, "", "patch", "node", lab.NodeName, "--subresource=status", "--patch", patch)
}

func TestSlotsAsRoot(t *testing.T) {
	t.Parallel()
	namespace := addProject(t, "slots", v1alpha1.ProjectSpec{})
	submit(t, "", "slots", "-n", namespace, "-i", images.OperatorLike, "--processes=2", "--slots-per-worker=2", "--interactive",
		"--", "mpirun", "--allow-run-as-root", "-np", "4", "sh", "-c", whereAmI)
	isOn(t, fields(output(t, namespace, "slots")), "slots", 2)
}

// isOn asserts that each of two workers has this many ranks.
func isOn(t *testing.T, ranks []map[string]string, job string, each int) {
	t.Helper()
	on := map[string]int{}
	for _, rank := range ranks {
		on[rank["on"]]++
	}
	if diff := cmp.Diff(map[string]int{job + "-worker-0": each, job + "-worker-1": each}, on); diff != "" {
		t.Errorf("ranks on hosts (-want +got):\n%s", diff)
	}
}

const plainOpenMPI5 = `
apiVersion: kubeflow.org/v2beta1
kind: MPIJob
metadata: {name: plain}
spec:
  runPolicy: {cleanPodPolicy: Running, backoffLimit: 0}
  launcherCreationPolicy: WaitForWorkersReady
  sshAuthMountPath: /root/.ssh
  mpiReplicaSpecs:
    Launcher:
      replicas: 1
      restartPolicy: Never
      template:
        spec:
          containers:
          - name: mpi
            image: ` + images.OpenMPI5 + `
            args: [mpirun, --allow-run-as-root, -np, "2", sh, -c, "` + whereAmI + `"]
    Worker:
      replicas: 2
      template:
        spec:
          containers:
          - name: mpi
            image: ` + images.OpenMPI5 + `
            command: [sh, -c, "mkdir -p /run/sshd && exec /usr/sbin/sshd -De -o StrictModes=no"]
            readinessProbe: {tcpSocket: {port: 22}, periodSeconds: 1}
`

// Without the policy launcher-env, Open MPI 5 does not find the workers. When this test fails, the operator
// supports Open MPI 5, and the policy can be removed.
func TestOpenMPI5NeedsLauncherEnv(t *testing.T) {
	t.Parallel()
	lab.Require(t)
	product.AddNamespace(t, "plain", nil)
	product.CreateManifest(t, "plain", plainOpenMPI5)
	end := await(t, "plain", "plain")
	out, _, _ := product.Runai(t, "logs", "plain", "-n", "plain")
	for _, rank := range fields(out) {
		if strings.HasPrefix(rank["on"], "plain-worker-") {
			t.Errorf("the job ended as %s, and a rank ran on a worker: %s", end, out)
		}
	}
}
