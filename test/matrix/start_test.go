package matrix

import (
	"errors"
	"fmt"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// The launcher waits for its workers, no matter how the job is started.
var startCells = []cell{
	{
		name: "wait-root", what: "`launcherCreationPolicy: WaitForWorkersReady`", daily: true,
		mpi: openMPI5, as: root, image: plain, edit: waitForWorkersReady,
	},
	{
		name: "wait-uid", what: "`launcherCreationPolicy: WaitForWorkersReady`",
		mpi: mpich, as: anyUID, image: operators, edit: waitForWorkersReady,
	},
	{
		name: "works-openmpi4", what: "`runLauncherAsWorker`",
		mpi: openMPI4, as: anyUID, image: plain, np: 3, edit: launcherWorks, on: withLauncher,
	},
	{
		name: "works-openmpi5", what: "`runLauncherAsWorker`", daily: true,
		mpi: openMPI5, as: root, image: operators, np: 3, edit: launcherWorks, on: withLauncher,
	},
	{
		name: "works-mpich", what: "`runLauncherAsWorker`", daily: true,
		mpi: mpich, as: root, image: plain, np: 3, edit: launcherWorks, on: withLauncher,
	},
	{
		name: "works-mpich-uid", what: "`runLauncherAsWorker`",
		mpi: mpich, as: restricted, image: site, np: 3, edit: launcherWorks, on: withLauncher,
	},
	{
		name: "works-wait", what: "`runLauncherAsWorker` and `WaitForWorkersReady`",
		mpi: openMPI4, as: root, image: site, np: 3, on: withLauncher,
		edit: func(job *v2beta1.MPIJob) { launcherWorks(job); waitForWorkersReady(job) },
	},
	{
		name: "scaled-up", what: "suspended, scaled from 2 workers to 3, resumed", daily: true,
		mpi: openMPI5, as: anyUID, image: plain, np: -1, script: rankOnEachWorker,
		edit: suspended, during: resumeWith(3), on: map[string]int{"worker-0": 1, "worker-1": 1, "worker-2": 1},
	},
	{
		name: "scaled-down", what: "suspended, scaled from 2 workers to 1, resumed",
		mpi: mpich, as: root, image: site, np: -1, script: rankOnEachWorker,
		edit: suspended, during: resumeWith(1), on: map[string]int{"worker-0": 1},
	},
	{
		name: "late-root", what: "a sidecar listens before sshd starts", daily: true,
		mpi: mpich, as: root, image: plain, edit: sidecarListens,
	},
	{
		name: "late-uid", what: "a sidecar listens before sshd starts",
		mpi: openMPI5, as: restricted, image: site, edit: sidecarListens,
	},
}

var withLauncher = map[string]int{"launcher": 1, "worker-0": 1, "worker-1": 1}

func waitForWorkersReady(job *v2beta1.MPIJob) {
	job.Spec.LauncherCreationPolicy = v2beta1.LauncherCreationPolicyWaitForWorkersReady
}

func launcherWorks(job *v2beta1.MPIJob) {
	works := true
	job.Spec.RunLauncherAsWorker = &works
}

func suspended(job *v2beta1.MPIJob) {
	suspend := true
	job.Spec.RunPolicy.Suspend = &suspend
}

// rankOnEachWorker counts the workers with the product's variable, as images do that were made for it.
const rankOnEachWorker = `exec "$0" -np "$RUNAI_MPI_NUM_WORKERS" "$@"`

// resumeWith scales a suspended job and resumes it.
func resumeWith(workers int) func(*testing.T, *running) {
	return func(t *testing.T, r *running) {
		suite.Eventually(t, "the job is suspended", suite.Soon, func() error {
			for _, condition := range product.Job(t, r.job.Namespace, r.name).Status.Conditions {
				if condition.Type == v2beta1.JobSuspended && condition.Status == corev1.ConditionTrue {
					return nil
				}
			}
			return errors.New("it is not")
		})
		patch := fmt.Sprintf(`{"spec":{"runPolicy":{"suspend":false},"mpiReplicaSpecs":{"Worker":{"replicas":%d}}}}`, workers)
		if err := product.Client.Patch(t.Context(), r.job, client.RawPatch(types.MergePatchType, []byte(patch))); err != nil {
			t.Fatal(err)
		}
	}
}

// sidecarListens lets a container of each worker listen for seconds before its sshd starts.
func sidecarListens(job *v2beta1.MPIJob) {
	always := corev1.ContainerRestartPolicyAlways
	template := &job.Spec.MPIReplicaSpecs[v2beta1.MPIReplicaTypeWorker].Template
	main := template.Spec.Containers[0]
	container := func(name string, command ...string) corev1.Container {
		return corev1.Container{Name: name, Image: main.Image, ImagePullPolicy: main.ImagePullPolicy, Command: command}
	}
	listener := container("listener", "perl", "-MIO::Socket::INET", "-e",
		`my $s = IO::Socket::INET->new(Listen => 5, LocalPort => 8080) or die; close $s->accept while 1`)
	listener.RestartPolicy = &always
	template.Spec.InitContainers = append(template.Spec.InitContainers, listener, container("slow", "sleep", "8"))
}

// A launcher that is retried waits and connects again, although sshd remembers who connected without logging in.
var retriedCells = []cell{
	{
		name: "retried-root", what: "the launcher fails three times and is retried",
		mpi: openMPI5, as: root, image: plain, rank: failThrice + tell, retries: 3,
	},
	{
		name: "retried-uid", what: "the launcher fails three times and is retried",
		mpi: openMPI5, as: anyUID, image: operators, rank: failThrice + tell, retries: 3,
	},
}

// failThrice fails the ranks of the first worker until they have been started three times.
const failThrice = `case $(hostname) in *-worker-0)
	n=$(cat /tmp/starts 2>/dev/null || echo 0); echo $((n + 1)) >/tmp/starts; [ $n -ge 3 ] || exit 1;;
esac
`
