package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/lab/images"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// whoAmI prints the identity of a rank as the kernel and the image's own programs see it.
const whoAmI = `touch $HOME/mine && echo rank=$OMPI_COMM_WORLD_RANK on=$(hostname) uid=$(id -u) gid=$(id -g) groups=$(id -G | tr ' ' ,) ` +
	`name=$(whoami) home=$HOME caps=$(sed -n 's/^CapEff:.//p' /proc/self/status) ` +
	`nnp=$(sed -n 's/^NoNewPrivs:.//p' /proc/self/status)` + images.Linger

// With each image, every rank on every worker runs as the user, without capabilities.
func TestRunAsUser(t *testing.T) {
	t.Parallel()
	namespace := addProject(t, "users", v1alpha1.ProjectSpec{})
	user := alice(t, namespace)
	for name, image := range map[string]string{
		"openmpi4": images.OpenMPI4, "openmpi5": images.OpenMPI5, "operator-like": images.OperatorLike,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			submit(t, user, name, "-n", namespace, "-i", image, "--run-as-user", "--processes=2", "--slots-per-worker=2", "--interactive",
				"--", "mpirun", "-np", "4", "sh", "-c", whoAmI)
			isAlice(t, fields(output(t, namespace, name)), name)
		})
	}
}

const craftedPod = `
apiVersion: v1
kind: Pod
metadata: {name: outside}
spec:
  restartPolicy: Never
  securityContext: {runAsUser: 1234567, runAsGroup: 54000}
  containers: [{name: id, image: "` + images.Crafted + `", command: [%s]}]
`

// outsideOfTheProduct shows that an image's attack works in a pod that the product does not handle.
func outsideOfTheProduct(t *testing.T, namespace, command, want string) {
	t.Helper()
	product.CreateManifest(t, namespace, fmt.Sprintf(craftedPod, command))
	suite.Eventually(t, "the attack works", time.Minute, func() error {
		stdout, stderr, _ := product.Kubectl(t.Context(), nil, "logs", "outside", "-n", namespace)
		if stdout != want {
			return fmt.Errorf("the log is %q%s", stdout, stderr)
		}
		return nil
	})
}

// T05: an image whose own files give the user another group.
func TestT05GroupsOfTheImage(t *testing.T) {
	t.Parallel()
	namespace := addProject(t, "crafted", v1alpha1.ProjectSpec{})
	outsideOfTheProduct(t, namespace, "id, -G", "54000 60999\n")
	submit(t, alice(t, namespace), "crafted", "-n", namespace, "-i", images.Crafted, "--run-as-user", "--processes=2",
		"--slots-per-worker=2", "--interactive",
		"--", "mpirun", "-np", "4", "sh", "-c", whoAmI)
	isAlice(t, fields(output(t, namespace, "crafted")), "crafted")
}

// T07: an image with a setuid program.
func TestT07SetuidProgram(t *testing.T) {
	t.Parallel()
	namespace := addProject(t, "setuid", v1alpha1.ProjectSpec{})
	outsideOfTheProduct(t, namespace, "become-root", "euid=0 ruid=0\n")
	submit(t, alice(t, namespace), "setuid", "-n", namespace, "-i", images.Crafted, "--run-as-user", "--processes=2", "--interactive",
		"--", "mpirun", "-np", "2", "sh", "-c", `echo rank=$OMPI_COMM_WORLD_RANK $(become-root)`)
	ranks := fields(output(t, namespace, "setuid"))
	for _, rank := range ranks {
		if rank["euid"] != "1234567" || rank["ruid"] != "1234567" {
			t.Errorf("a rank is %v", rank)
		}
	}
	if len(ranks) != 2 {
		t.Errorf("%d ranks, want 2", len(ranks))
	}
}

func isAlice(t *testing.T, ranks []map[string]string, job string) {
	t.Helper()
	on := map[string]int{}
	for _, rank := range ranks {
		on[rank["on"]]++
		delete(rank, "rank")
		delete(rank, "on")
		want := map[string]string{
			"uid": "1234567", "gid": "54000", "groups": "54000,60001,60002", "name": "alice", "home": "/home/alice",
			"caps": "0000000000000000", "nnp": "1",
		}
		if diff := cmp.Diff(want, rank); diff != "" {
			t.Errorf("a rank (-want +got):\n%s", diff)
		}
	}
	if diff := cmp.Diff(map[string]int{job + "-worker-0": 2, job + "-worker-1": 2}, on); diff != "" {
		t.Errorf("ranks on hosts (-want +got):\n%s", diff)
	}
}
