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

// gated is a job whose parts the tests fill in: fields of the spec, of its run policy, of the launcher's template,
// the launcher's shell script, and the worker's template.
type gated struct {
	name, labels, annotations, spec, runPolicy, image, script, worker string
	workers                                                           int
}

func (g gated) String() string {
	if g.image == "" {
		g.image = images.OperatorLike
	}
	if g.worker == "" {
		g.worker = `containers: [{name: mpi, image: "` + g.image + `"}]`
	}
	return fmt.Sprintf(`
apiVersion: kubeflow.org/v2beta1
kind: MPIJob
metadata: {name: %s, labels: {%s}, annotations: {%s}}
spec:
  runPolicy: {cleanPodPolicy: Running, backoffLimit: 0, %s}
  %s
  mpiReplicaSpecs:
    Launcher:
      replicas: 1
      restartPolicy: Never
      template:
        spec:
          containers: [{name: mpi, image: "%s", command: [sh, -c, %q]}]
    Worker:
      replicas: %d
      template:
        spec: {%s}
`, g.name, g.labels, g.annotations, g.runPolicy, g.spec, g.image, g.script, g.workers, strings.ReplaceAll(g.worker, "IMAGE", g.image))
}

const (
	// everywhere runs a rank in each slot.
	everywhere = `mpirun --allow-run-as-root -np %d sh -c '` + whereAmI + `'`
	// lateSSHD is a worker that listens on another port before its sshd starts.
	lateSSHD = `containers: [
      {name: mpi, image: "IMAGE", command: [sh, -c, "sleep 6; exec /usr/sbin/sshd -De"]},
      {name: early, image: "IMAGE",
       command: [perl, -MIO::Socket, -e, "$s = IO::Socket::INET->new(Listen => 9, LocalPort => 4000) or die; sleep"]}]`
)

// ranksOn returns the number of ranks on each host.
func ranksOn(text string) map[string]int {
	on := map[string]int{}
	for _, rank := range fields(text) {
		on[rank["on"]]++
	}
	return on
}

// The workers are counted when the launcher starts: a job may be scaled while it is suspended.
func TestSuspendedScaledResumed(t *testing.T) {
	t.Parallel()
	namespace := addProject(t, "scaled", v1alpha1.ProjectSpec{})
	for name, workers := range map[string]int{"down": 2, "up": 4} {
		product.CreateManifest(t, namespace, gated{
			name: name, runPolicy: "suspend: true", workers: 3,
			script: fmt.Sprintf(everywhere, workers) + "; echo counted=$RUNAI_MPI_NUM_WORKERS",
		}.String())
		time.Sleep(2 * time.Second) // the operator creates the launcher's Job
		const scale = `{"spec":{"runPolicy":{"suspend":%t},"mpiReplicaSpecs":{"Worker":{"replicas":%d}}}}`
		for _, suspend := range []bool{true, false} {
			patch := fmt.Sprintf(scale, suspend, workers)
			suite.Kubectl(t, product.User, "", "patch", "mpijob", name, "-n", namespace, "--type=merge", "--patch", patch)
		}
	}
	for name, workers := range map[string]int{"down": 2, "up": 4} {
		text := output(t, namespace, name)
		if on := ranksOn(text); len(on) != workers {
			t.Errorf("%d workers have ranks, want %d: %s", len(on), workers, text)
		}
		if !strings.Contains(text, fmt.Sprintf("counted=%d\n", workers)) {
			t.Errorf("the number of workers is wrong: %s", text)
		}
	}
}

// An elastic job starts as soon as enough workers are there, no matter which.
func TestElasticJob(t *testing.T) {
	t.Parallel()
	namespace := addProject(t, "elastic", v1alpha1.ProjectSpec{})
	const someNeverStart = `initContainers: [{name: never, image: "IMAGE", command: [sh, -c, "case $(hostname) in *-1) sleep 3600; esac"]}],
      containers: [{name: mpi, image: "IMAGE"}]`
	const hosts = `--host elastic-worker-0.elastic.$(cat /var/run/secrets/kubernetes.io/serviceaccount/namespace).svc,` +
		`elastic-worker-2.elastic.$(cat /var/run/secrets/kubernetes.io/serviceaccount/namespace).svc`
	product.CreateManifest(t, namespace, gated{
		name: "elastic", workers: 3, worker: someNeverStart, runPolicy: "schedulingPolicy: {minAvailable: 3}",
		script: "mpirun --allow-run-as-root -np 2 " + hosts + " sh -c '" + whereAmI + "'",
	}.String())
	if on := ranksOn(output(t, namespace, "elastic")); on["elastic-worker-0"] != 1 || on["elastic-worker-2"] != 1 {
		t.Errorf("ranks on hosts: %v", on)
	}
}

// The gate waits for sshd itself. Ready pods, their names or another listener are not enough.
func TestLateSSHD(t *testing.T) {
	t.Parallel()
	namespace := addProject(t, "late-sshd", v1alpha1.ProjectSpec{})
	// Without ConnectionAttempts, ssh does not wait either.
	const atOnce = "export OMPI_MCA_plm_rsh_args=-q; "
	for _, job := range []gated{
		{name: "sidecar", workers: 2, script: atOnce + fmt.Sprintf(everywhere, 2)},
		{name: "ready", workers: 2, script: atOnce + fmt.Sprintf(everywhere, 2), spec: "launcherCreationPolicy: WaitForWorkersReady"},
		{name: "works", workers: 1, script: atOnce + fmt.Sprintf(everywhere, 2), spec: "runLauncherAsWorker: true"},
	} {
		t.Run(job.name, func(t *testing.T) {
			t.Parallel()
			job.worker = lateSSHD
			product.CreateManifest(t, namespace, job.String())
			text := output(t, namespace, job.name)
			want := []string{job.name + "-worker-0", job.name + "-worker-1"}
			if job.name == "works" {
				want[1] = "works-launcher"
			}
			for _, host := range want {
				if ranksOn(text)[host] != 1 {
					t.Errorf("no rank on %s: %s", host, text)
				}
			}
		})
	}
}

// The sshd of OpenSSH 10 refuses addresses that connect and do not log in. The gate of a launcher that is retried
// does not make it refuse mpirun.
func TestRetriedLauncher(t *testing.T) {
	t.Parallel()
	namespace := addProject(t, "retried", required)
	// The ranks themselves do not fail: the first that did would end the other one, perhaps before it counted.
	const count = `echo x >>/tmp/attempts; echo rank=$(wc -l </tmp/attempts) on=$(hostname)` + images.Linger
	const failsThrice = `out=$(mpirun -np 2 sh -c '` + count + `'); echo "$out"; [ "$(echo "$out" | grep -c rank=4)" = 2 ]`
	submit(t, alice(t, namespace), "retried", "-n", namespace, "-i", images.OpenMPI5, "--run-as-user", "--processes=2", "--backoff-limit=3",
		"--", "sh", "-c", failsThrice)
	text := output(t, namespace, "retried")
	if !strings.Contains(text, "rank=4 on=retried-worker-0") || !strings.Contains(text, "rank=4 on=retried-worker-1") {
		t.Errorf("the last attempt printed %s", text)
	}
}

// A job that asks for a shorter wait fails earlier, and names the worker that is missing.
func TestStartTimeout(t *testing.T) {
	t.Parallel()
	namespace := addProject(t, "timeout", v1alpha1.ProjectSpec{})
	product.CreateManifest(t, namespace, gated{
		name: "timeout", annotations: `run.ai/start-timeout: 15s`, workers: 2, script: fmt.Sprintf(everywhere, 2),
		worker: `containers: [{name: mpi, image: "IMAGE", ` +
			`command: [sh, -c, "case $(hostname) in *-1) sleep 3600; esac; exec /usr/sbin/sshd -De"]}]`,
	}.String())
	if end := await(t, namespace, "timeout"); end != v2beta1.JobFailed {
		t.Errorf("the job ended as %s", end)
	}
	stdout, _, _ := product.Runai(t, "describe", "timeout", "-n", namespace)
	const want = "\nFailed: the job did not start: these workers were not ready within 15 s: timeout-worker-1. See 'kubectl logs "
	if !strings.Contains(stdout, want) {
		t.Errorf("%s\ndoes not contain %s", stdout, want)
	}
}
