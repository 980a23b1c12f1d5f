package lab

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/runai-mpi/runai-mpi/test/internal/lab"
	"github.com/runai-mpi/runai-mpi/test/internal/lab/images"
	"github.com/runai-mpi/runai-mpi/test/internal/process"
)

func (c *cluster) hasImages(t *testing.T) {
	for image, check := range map[string]struct{ command, want string }{
		images.OpenMPI4:         {"mpirun --version", "Open MPI) 4."},
		images.OpenMPI5:         {"mpirun --version", "Open MPI) 5."},
		images.MPICH:            {"mpirun --version", "HYDRA"},
		images.OperatorOpenMPI5: {"mpirun --allow-run-as-root --oversubscribe -np 2 ./pi", "pi is about 3.14159265"},
		images.OperatorMPICH:    {"mpirun -np 2 ./pi", "pi is about 3.14159265"},
		images.SiteOpenMPI4:     {"ssh -G anywhere", "port " + images.SitePort},
	} {
		name := strings.NewReplacer("runai-mpi.test/", "", ":", "-").Replace(image)
		args := []string{"run", name, "--image=" + image, "--restart=Never", "--command", "--"}
		c.kubectl(t, "", append(args, strings.Fields(check.command)...)...)
		c.kubectl(t, "", "wait", "pod/"+name, "--for=jsonpath={.status.phase}=Succeeded", "--timeout=60s")
		out := c.kubectl(t, "", "logs", name)
		if !strings.Contains(out, check.want) {
			t.Errorf("%s: %s prints %s", image, check.command, out)
		}
	}
}

func (c *cluster) runsQuickstart(t *testing.T) {
	for workers, status := range map[string]string{"2": `"succeeded":1`, "3": `"failed":1`} {
		c.kubectl(t, fmt.Sprintf(quickstart, workers), "create", "-f", "-")
		c.awaitLauncher(t, "quickstart-"+workers, status)
	}
	if log := c.kubectl(t, "", "logs", "job/quickstart-2-launcher"); !strings.Contains(log, "host quickstart-2-worker-1 rank 1 of 2") {
		t.Errorf("the launcher logged %s", log)
	}
	const want = "RUNAI_MPI_NUM_WORKERS is 3, but /etc/mpi/hostfile names 2 workers"
	if log := c.kubectl(t, "", "logs", "job/quickstart-3-launcher"); !strings.Contains(log, want) {
		t.Errorf("the launcher logged %s", log)
	}
}

// clones serves a repository on the lab's address with git daemon, which needs no other server.
func (c *cluster) clones(t *testing.T) {
	repository := t.TempDir()
	if err := os.WriteFile(filepath.Join(repository, "train.py"), []byte("print()\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{"init --quiet -b main", "add .", "-c user.name=a -c user.email=a@example.com commit --quiet -m first"} {
		cmd := exec.Command("git", append([]string{"-C", repository}, strings.Fields(args)...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %s", args, out)
		}
	}
	daemon, err := c.StartProcess(t.Context(), process.Command{Name: "git-daemon", Path: "git", Args: []string{
		"daemon", "--export-all", "--listen=" + lab.HostAddress, "--base-path=" + repository, repository,
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer daemon.Stop() //nolint:errcheck // the lab stops it anyway
	c.kubectl(t, cloner, "create", "-f", "-")
	c.kubectl(t, "", "wait", "pod/cloner", "--for=condition=Ready", "--timeout=60s")
	if out := c.kubectl(t, "", "exec", "cloner", "--", "stat", "--format=%u %g", "/code/train.py"); out != "1234567 54000\n" {
		t.Errorf("the file belongs to %s", out)
	}
}
