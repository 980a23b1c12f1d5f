package matrix

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

var (
	twoCores     = resource.MustParse("2")
	twoGigabytes = resource.MustParse("2Gi")
)

const (
	oneOn    = "worker-0"
	launcher = v2beta1.MPIReplicaTypeLauncher
	worker   = v2beta1.MPIReplicaTypeWorker
)

// specialCells are jobs that differ from the ordinary in one thing.
var specialCells = slices.Concat(
	networkCells, startCells, elasticCells, sshdCells, environmentCells, programCells, resourceCells,
)

// On the node's network, two workers of a job must not take each other's port.
var networkCells = []cell{
	{
		name: "host-root", what: "`--host-network`, one worker", mpi: openMPI5, as: root, image: plain,
		flags: []string{"--host-network", "--processes=1"}, np: "1",
		onNode: true, want: map[string]string{"port": ourPort},
	},
	{
		name: "host-uid", what: "`--host-network`, one worker", mpi: openMPI4, as: anyUID, image: site,
		flags: []string{"--host-network", "--processes=1"}, np: "1", onNode: true,
	},
	{
		name: "host-pair-root", what: "`--host-network`, two workers want one node", mpi: openMPI4, as: root, image: plain,
		flags: []string{"--host-network"}, stuck: true, during: oneWorkerHasNoPort, daily: true,
	},
	{
		name: "host-pair-uid", what: "`--host-network`, two workers want one node", mpi: mpich, as: anyUID, image: plain,
		flags: []string{"--host-network"}, stuck: true, during: oneWorkerHasNoPort,
	},
}

// ourPort is the default of ssh.port in the cluster policy.
const ourPort = "2222"

// oneWorkerHasNoPort waits until one worker runs, and the other waits for a free port.
func oneWorkerHasNoPort(t *testing.T, r *running) {
	suite.Eventually(t, "one worker runs, and the other waits for a port", time.Minute, func() error {
		var phases []string
		for _, name := range []string{"worker-0", "worker-1"} {
			pod := r.pod(t, name)
			phase := string(pod.Status.Phase)
			for _, condition := range pod.Status.Conditions {
				if condition.Type == corev1.PodScheduled && strings.Contains(condition.Message, "free ports") {
					phase = "no port"
				}
			}
			phases = append(phases, phase)
		}
		slices.Sort(phases)
		if !slices.Equal(phases, []string{"Running", "no port"}) {
			return fmt.Errorf("the workers are %v", phases)
		}
		return nil
	})
}

// The launcher waits for its workers, however the job is started.
var startCells = []cell{
	{
		name: "wait-root", what: "`launcherCreationPolicy: WaitForWorkersReady`", mpi: openMPI5, as: root, image: plain, edit: waitForWorkersReady,
	},
	{
		name: "wait-uid", what: "`launcherCreationPolicy: WaitForWorkersReady`", mpi: mpich, as: anyUID, image: operators, edit: waitForWorkersReady,
	},
	{
		name: "works-openmpi4", what: "`runLauncherAsWorker`", mpi: openMPI4, as: anyUID, image: plain, np: "3", edit: launcherWorks, on: withLauncher,
	},
	{
		name: "works-openmpi5", what: "`runLauncherAsWorker`", mpi: openMPI5, as: root, image: operators, np: "3", edit: launcherWorks, on: withLauncher,
		daily: true,
	},
	{
		name: "works-mpich", what: "`runLauncherAsWorker`", mpi: mpich, as: root, image: plain, np: "3", edit: launcherWorks, on: withLauncher,
	},
	{
		name: "scaled", what: "suspended, scaled from 2 workers to 3, resumed", mpi: openMPI5, as: anyUID, image: plain, np: "$hosts",
		launcher: countHosts, edit: suspended, during: scaleAndResume, on: map[string]int{"worker-0": 1, "worker-1": 1, "worker-2": 1}, daily: true,
	},
	{
		name: "scaled-down", what: "suspended, scaled from 2 workers to 1, resumed", mpi: mpich, as: root, image: site, np: "$hosts",
		launcher: countHosts, edit: suspended, during: scaleDownAndResume, on: map[string]int{"worker-0": 1},
	},
	{
		name: "late", what: "a sidecar listens before sshd starts", mpi: mpich, as: root, image: plain, edit: sidecarListens, daily: true,
	},
	{
		name: "late-uid", what: "a sidecar listens before sshd starts", mpi: openMPI5, as: restricted, image: site, edit: sidecarListens,
	},
	{
		name: "retried", what: "the launcher fails three times and is retried", mpi: openMPI5, as: root, image: plain,
		rank: failThrice + tell, retries: 3,
	},
	{
		name: "retried-uid", what: "the launcher fails three times and is retried", mpi: openMPI5, as: anyUID, image: operators,
		rank: failThrice + tell, retries: 3,
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

func scaleAndResume(t *testing.T, r *running)     { r.resumeWith(t, 3) }
func scaleDownAndResume(t *testing.T, r *running) { r.resumeWith(t, 1) }

func (r *running) resumeWith(t *testing.T, workers int) {
	t.Helper()
	suite.Eventually(t, "the job is suspended", suite.Soon, func() error {
		for _, condition := range product.Job(t, r.job.Namespace, r.name).Status.Conditions {
			if condition.Type == v2beta1.JobSuspended && condition.Status == corev1.ConditionTrue {
				return nil
			}
		}
		return fmt.Errorf("it is not")
	})
	patch := fmt.Sprintf(`{"spec":{"runPolicy":{"suspend":false},"mpiReplicaSpecs":{"Worker":{"replicas":%d}}}}`, workers)
	if err := product.Client.Patch(t.Context(), r.job, client.RawPatch(types.MergePatchType, []byte(patch))); err != nil {
		t.Fatal(err)
	}
}

// countHosts runs a rank on each worker that the operator's hostfile names.
func countHosts(mpirun []string) []string {
	return append([]string{"sh", "-c", `hosts=$(grep -c . /etc/mpi/hostfile) && set -- $hosts "$@" && n=$1 && shift && ` + withNumber, "launcher"}, mpirun...)
}

// withNumber replaces the word $hosts by the number.
const withNumber = `for word; do shift; [ "$word" = '$hosts' ] && word=$n; set -- "$@" "$word"; done && exec "$@"`

// sidecarListens lets a container of each worker listen for seconds before its sshd starts.
func sidecarListens(job *v2beta1.MPIJob) {
	always := corev1.ContainerRestartPolicyAlways
	template := &job.Spec.MPIReplicaSpecs[worker].Template
	main := template.Spec.Containers[0]
	container := func(name string, command ...string) corev1.Container {
		return corev1.Container{Name: name, Image: main.Image, ImagePullPolicy: main.ImagePullPolicy, Command: command}
	}
	listener := container("listener", "perl", "-MIO::Socket::INET", "-e",
		`my $s = IO::Socket::INET->new(Listen => 5, LocalPort => 8080) or die; close $s->accept while 1`)
	listener.RestartPolicy = &always
	template.Spec.InitContainers = append(template.Spec.InitContainers, listener, container("slow", "sleep", "8"))
}

// failThrice fails the ranks of the first worker until they have been started three times.
const failThrice = `case $(hostname) in *-worker-0)
	n=$(cat /tmp/starts 2>/dev/null || echo 0); echo $((n + 1)) >/tmp/starts; [ $n -ge 3 ] || exit 1;;
esac
`

// An elastic job starts with the workers that it needs.
var elasticCells = []cell{
	{
		name: "elastic", what: "`minAvailable: 2`, one of two workers never starts", mpi: openMPI5, as: anyUID, image: plain, np: "1",
		launcher: discoverHosts, edit: oneWorkerIsEnough, on: map[string]int{oneOn: 1},
	},
	{
		name: "elastic-root", what: "`minAvailable: 2`, one of two workers never starts", mpi: openMPI4, as: root, image: operators, np: "1",
		launcher: discoverHosts, edit: oneWorkerIsEnough, on: map[string]int{oneOn: 1},
	},
}

// oneWorkerIsEnough keeps the workers on different nodes, of which there is one.
func oneWorkerIsEnough(job *v2beta1.MPIJob) {
	enough := int32(2) // with the launcher
	job.Spec.RunPolicy.SchedulingPolicy = &v2beta1.SchedulingPolicy{MinAvailable: &enough}
	template := &job.Spec.MPIReplicaSpecs[worker].Template
	template.Labels = map[string]string{"apart": job.Name}
	template.Spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
			LabelSelector: &metav1.LabelSelector{MatchLabels: template.Labels}, TopologyKey: corev1.LabelHostname,
		}},
	}}
}

// discoverHosts runs a rank on the first worker that runs, by the operator's script.
func discoverHosts(mpirun []string) []string {
	return append([]string{
		"sh", "-c", `until host=$(sh /etc/mpi/discover_hosts.sh | head -n 1) && [ "$host" ]; do sleep 1; done; mpirun=$1; shift; ` +
			`exec "$mpirun" --host "$host" "$@"`, "launcher",
	}, mpirun...)
}

// Workers that bring their own sshd keep it.
var sshdCells = []cell{
	{
		name: "sshd-p", what: "a worker's own `sshd -D -p 2022`, told to mpirun", mpi: openMPI4, as: root, image: operators,
		options: []string{"--mca", "plm_rsh_args", "-p 2022"}, edit: sshdOn2022, want: map[string]string{"port": "2022"}, daily: true,
	},
	{
		name: "sshd-p-uid", what: "a worker's own `sshd -D -p 2022`, told to mpirun", mpi: openMPI5, as: anyUID, image: plain,
		options: []string{"--prtemca", "plm_ssh_args", "-p 2022"}, edit: sshdOn2022, want: map[string]string{"port": "2022"},
	},
	{
		name: "sshd-f", what: "as in mpi-operator's `pi.yaml`: `sshd -De -f FILE`", mpi: openMPI4, as: imagesUser, image: operators,
		edit: asInPi, want: map[string]string{"uid": "1000", "port": "2222"}, daily: true,
	},
	{
		name: "sshd-f-mpich", what: "as in mpi-operator's `pi-mpich.yaml`", mpi: mpich, as: imagesUser, image: operators,
		edit: asInPi, want: map[string]string{"uid": "1000", "port": "2222"},
	},
}

func sshdOn2022(job *v2beta1.MPIJob) {
	job.Spec.MPIReplicaSpecs[worker].Template.Spec.Containers[0].Command = []string{"/usr/sbin/sshd", "-D", "-p", "2022"}
}

func asInPi(job *v2beta1.MPIJob) {
	uid := int64(1000)
	job.Spec.SSHAuthMountPath = "/home/mpiuser/.ssh"
	for _, replica := range job.Spec.MPIReplicaSpecs {
		replica.Template.Spec.Containers[0].SecurityContext = &corev1.SecurityContext{RunAsUser: &uid}
	}
	job.Spec.MPIReplicaSpecs[worker].Template.Spec.Containers[0].Command = []string{"/usr/sbin/sshd"}
	job.Spec.MPIReplicaSpecs[worker].Template.Spec.Containers[0].Args = []string{"-De", "-f", "/home/mpiuser/.sshd_config"}
}

// What mpirun is told to export does not get into the way of what the job says.
var environmentCells = []cell{
	{
		name: "x-openmpi4", what: "`mpirun -x` beside `-e`", mpi: openMPI4, as: root, image: plain,
		options: []string{"-x", "EXTRA=7", "-x", "TEXT"}, want: map[string]string{"extra": "7"},
	},
	{
		name: "x-openmpi5", what: "`mpirun -x` beside `-e`", mpi: openMPI5, as: anyUID, image: site,
		options: []string{"-x", "EXTRA=7", "-x", "TEXT"}, want: map[string]string{"extra": "7"}, daily: true,
	},
	{
		name: "x-mpich", what: "`mpirun -genv` beside `-e`", mpi: mpich, as: anyUID, image: plain,
		options: []string{"-genv", "EXTRA", "7"}, want: map[string]string{"extra": "7"},
	},
}

// Programs that speak MPI, and not only mpirun.
var programCells = []cell{
	{
		name: "pi-openmpi5", what: "ranks that send messages", mpi: openMPI5, as: restricted, image: operators, rank: tell + "\nexec ./pi", see: sawPi,
	},
	{
		name: "pi-mpich", what: "ranks that send messages", mpi: mpich, as: restricted, image: operators, rank: tell + "\nexec ./pi", see: sawPi,
	},
	{
		name: "intel", what: "`mpiImplementation: Intel`, with MPICH's hydra in its place", mpi: mpich, as: anyUID, image: plain, edit: asIntel,
	},
}

func sawPi(t *testing.T, r *running) {
	if err := suite.Says(r.output, "rank 0 of 2 is on ", "rank 1 of 2 is on ", "pi is about 3.14159265"); err != nil {
		t.Error(err)
	}
}

// asIntel says what MPICH's hydra has to be told, which reads other variables than Intel MPI's.
func asIntel(job *v2beta1.MPIJob) {
	job.Spec.MPIImplementation = v2beta1.MPIImplementationIntel
	main := &job.Spec.MPIReplicaSpecs[launcher].Template.Spec.Containers[0]
	main.Env = append(main.Env, corev1.EnvVar{Name: "HYDRA_HOST_FILE", Value: "/etc/mpi/hostfile"})
}

// What a quota counts, and the class of a pod, are not changed by what the webhook adds.
var resourceCells = []cell{
	{
		name: "guaranteed", what: "Guaranteed under a ResourceQuota, with `--git-sync`", mpi: openMPI4, as: anyUID, image: operators,
		namespace: "runai-quota", flags: guaranteedFlags, clones: true, rank: "EXTRA=$(cat /code/greeting)\n" + tell,
		want: map[string]string{"extra": greeting}, during: isGuaranteed,
	},
	{
		name: "guaranteed-root", what: "Guaranteed under a ResourceQuota", mpi: openMPI5, as: root, image: plain,
		namespace: "runai-quota", flags: guaranteedFlags, during: isGuaranteed,
	},
}

var guaranteedFlags = []string{"--cpu=200m", "--cpu-limit=200m", "--memory=256Mi", "--memory-limit=256Mi"}

func isGuaranteed(t *testing.T, r *running) {
	suite.Eventually(t, "all pods are created", time.Minute, func() error {
		for _, name := range []string{"launcher", "worker-0", "worker-1"} {
			if class := r.pod(t, name).Status.QOSClass; class == "" {
				return fmt.Errorf("%s does not exist", name)
			} else if class != corev1.PodQOSGuaranteed {
				t.Fatalf("%s is %s", name, class)
			}
		}
		return nil
	})
}
