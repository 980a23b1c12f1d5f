// Package lab tests that the lab is a cluster whose pods really run, and that it leaves nothing on the machine.
package lab

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/runai-mpi/runai-mpi/test/internal/lab"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

func TestMain(m *testing.M) {
	if os.Getenv(orphanEnv) != "" {
		startAndWait()
	}
	os.Exit(m.Run())
}

// TestLab uses one lab for all subtests, and then checks that nothing is left of it.
func TestLab(t *testing.T) {
	lab.Require(t)
	turn := take(t)
	defer turn.Release()
	before := machine(t)
	start := time.Now()
	l, err := turn.Start(t.Context(), lab.Options{GPUNodes: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("started in %s", time.Since(start).Round(100*time.Millisecond))
	cluster := &cluster{l}
	t.Run("an MPIJob runs on both workers", cluster.runsMPIJob)
	t.Run("exec and DNS work in a pod", cluster.execs)
	t.Run("a pod runs on a simulated GPU node", cluster.simulatesGPUs)
	t.Run("the images have the right MPI", cluster.hasImages)
	t.Run("the quickstart's image checks its number of workers", cluster.runsQuickstart)
	t.Run("a repository is cloned before a pod starts", cluster.clones)
	t.Run("the product is installed", cluster.installs)
	start = time.Now()
	if err := l.Stop(); err != nil {
		t.Error(err)
	}
	t.Logf("stopped in %s", time.Since(start).Round(100*time.Millisecond))
	before.compare(t, machine(t))
}

type cluster struct{ *lab.Lab }

func (c *cluster) runsMPIJob(t *testing.T) {
	c.kubectl(t, mpiJob, "create", "-f", "-")
	c.awaitLauncher(t, "train", `"succeeded":1`)
	output := c.kubectl(t, "", "logs", "job/train-launcher")
	for _, want := range []string{"rank 0 on train-worker-0", "rank 1 on train-worker-1"} {
		if !strings.Contains(output, want) {
			t.Errorf("the launcher's log does not contain %q: %s", want, output)
		}
	}
}

func (c *cluster) execs(t *testing.T) {
	c.kubectl(t, sleeper, "create", "-f", "-")
	c.kubectl(t, "", "wait", "pod/sleeper", "--for=condition=Ready", "--timeout=60s")
	out := c.kubectl(t, "", "exec", "sleeper", "--", "getent", "hosts", "kubernetes.default.svc.cluster.local")
	if !strings.HasPrefix(out, "10.213.2.1 ") {
		t.Errorf("the API server's name resolves to %q", out)
	}
	// The Service must lead through kube-proxy to the API server.
	answer := c.kubectl(t, "", "exec", "sleeper", "--", "bash", "-c", "exec 3<>/dev/tcp/kubernetes.default/443 && echo connected")
	if answer != "connected\n" {
		t.Errorf("the API server's Service: %s", answer)
	}
}

func (c *cluster) simulatesGPUs(t *testing.T) {
	c.kubectl(t, gpuPod, "create", "-f", "-")
	c.kubectl(t, "", "wait", "pod/gpu", "--for=condition=Ready", "--timeout=60s")
	if node := c.kubectl(t, "", "get", "pod", "gpu", "-o", "jsonpath={.spec.nodeName}"); !strings.HasPrefix(node, "dgx-") {
		t.Errorf("the pod is on %s", node)
	}
	const renewed = "--for=jsonpath={.spec.renewTime}"
	c.kubectl(t, "", "wait", "lease/dgx-0", "-n", "kube-node-lease", renewed, "--timeout=30s")
}

func (c *cluster) awaitLauncher(t *testing.T, name, status string) {
	t.Helper()
	suite.Eventually(t, "the launcher of "+name+" ends", 2*time.Minute, func() error {
		job, _, err := c.Kubectl(t.Context(), nil, "get", "job", name+"-launcher", "-o", "jsonpath={.status}")
		if err != nil {
			return err
		}
		return suite.Says(job, status)
	})
}

func (c *cluster) kubectl(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	return suite.Kubectl(t, c.User, stdin, args...)
}
