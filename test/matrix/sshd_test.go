package matrix

import (
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
)

// Workers that bring their own sshd keep it.
var sshdCells = []cell{
	{
		name: "sshd-p-root", what: "a worker's own `sshd -D -p 2022`, told to mpirun", daily: true,
		mpi: openMPI4, as: root, image: operators,
		options: []string{"--mca", "plm_rsh_args", "-p 2022"}, edit: sshdOn2022, want: map[string]string{"port": "2022"},
	},
	{
		name: "sshd-p-uid", what: "a worker's own `sshd -D -p 2022`, told to mpirun",
		mpi: openMPI5, as: anyUID, image: plain,
		options: []string{"--prtemca", "plm_ssh_args", "-p 2022"}, edit: sshdOn2022, want: map[string]string{"port": "2022"},
	},
	{
		name: "sshd-f", what: "as in mpi-operator's `pi.yaml`: `sshd -De -f FILE`; `mpirun -x`", daily: true,
		mpi: openMPI4, as: imagesUser, image: operators, options: exportAll,
		edit: asInPi, want: map[string]string{"uid": "1000", "port": "2222"},
	},
	{
		name: "sshd-f-mpich", what: "as in mpi-operator's `pi-mpich.yaml`",
		mpi: mpich, as: imagesUser, image: operators,
		edit: asInPi, want: map[string]string{"uid": "1000", "port": "2222"},
	},
	{
		name: "read-only", what: "`readOnlyRootFilesystem` with an emptyDir at `/tmp`",
		mpi: openMPI5, as: root, image: plain, edit: readOnly,
	},
}

// exportAll exports the job's variables to ranks whose sshd does not accept them from ssh.
var exportAll = []string{"-x", "TEXT", "-x", "SCRIPT", "-x", "TOKEN", "-x", "SETTING"}

func sshdOn2022(job *v2beta1.MPIJob) {
	main := &job.Spec.MPIReplicaSpecs[v2beta1.MPIReplicaTypeWorker].Template.Spec.Containers[0]
	main.Command = []string{"/usr/sbin/sshd", "-D", "-p", "2022"}
}

func asInPi(job *v2beta1.MPIJob) {
	uid := int64(1000)
	job.Spec.SSHAuthMountPath = "/home/mpiuser/.ssh"
	for _, replica := range job.Spec.MPIReplicaSpecs {
		replica.Template.Spec.Containers[0].SecurityContext = &corev1.SecurityContext{RunAsUser: &uid}
	}
	main := &job.Spec.MPIReplicaSpecs[v2beta1.MPIReplicaTypeWorker].Template.Spec.Containers[0]
	main.Command, main.Args = []string{"/usr/sbin/sshd"}, []string{"-De", "-f", "/home/mpiuser/.sshd_config"}
}

// readOnly leaves only /tmp to write to.
func readOnly(job *v2beta1.MPIJob) {
	yes := true
	for _, replica := range job.Spec.MPIReplicaSpecs {
		pod := &replica.Template.Spec
		tmp := corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}
		pod.Volumes = append(pod.Volumes, corev1.Volume{Name: "tmp", VolumeSource: tmp})
		pod.Containers[0].SecurityContext = &corev1.SecurityContext{ReadOnlyRootFilesystem: &yes}
		pod.Containers[0].VolumeMounts = append(pod.Containers[0].VolumeMounts, corev1.VolumeMount{Name: "tmp", MountPath: "/tmp"})
	}
}
