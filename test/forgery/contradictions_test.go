package forgery

import (
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
)

// A user mounts something over the files of the identity, at paths that are spelled differently.
func TestT40RelativePaths(t *testing.T) {
	var attempts []attempt
	for _, path := range []string{
		"etc/passwd", "./etc/passwd", "../etc/passwd", "etc", "etc/ssh/", "etc//ssh/sshd_config", "//etc/group", "/etc/ssh/../passwd",
		"/home/../etc", "etc/runai-mpi", "etc/runai-mpi-ssh/x", "tmp/../etc/runai-mpi-ssh", ".",
	} {
		attempts = append(attempts, attempt{path, mounting(ownDirectory, corev1.VolumeMount{MountPath: path}), "would hide files that"})
	}
	try(t, "t40", attempts)
}

// A user asks for two things that exclude each other, or for code over what the container needs.
func TestT41Contradictions(t *testing.T) {
	gpus := corev1.ResourceRequirements{Limits: corev1.ResourceList{"nvidia.com/gpu": resource.MustParse("3")}}
	always := corev1.ContainerRestartPolicyAlways
	with := func(key, value string, change func(*v2beta1.MPIJob)) func(*v2beta1.MPIJob) {
		return func(job *v2beta1.MPIJob) {
			if job.Annotations == nil {
				job.Annotations = map[string]string{}
			}
			job.Annotations[key] = value
			change(job)
		}
	}
	none := func(*v2beta1.MPIJob) {}
	var attempts []attempt
	for _, number := range []string{"0", "1", "2"} {
		const reason = "conflicts with run.ai/gpu, which gives"
		attempts = append(attempts,
			attempt{number + " GPUs and those of a container", with(annotations.GPUKey, number, inWorker(func(spec *corev1.PodSpec) {
				spec.Containers = append(spec.Containers, corev1.Container{Name: "side", Image: "x", Resources: gpus})
			})), reason},
			attempt{number + " GPUs and those of a sidecar", with(annotations.GPUKey, number, inWorker(func(spec *corev1.PodSpec) {
				spec.InitContainers = append(spec.InitContainers,
					corev1.Container{Name: "side", Image: "x", RestartPolicy: &always, Resources: gpus})
			})), reason},
			attempt{number + " GPUs and more of an init container", with(annotations.GPUKey, number, inWorker(func(spec *corev1.PodSpec) {
				spec.InitContainers = append(spec.InitContainers, corev1.Container{Name: "init", Image: "x", Resources: gpus})
			})), reason},
		)
	}
	for _, target := range []string{
		"/proc", "/proc/self", "/sys", "/dev", "/dev/code", "/usr", "/usr/sbin", "/usr/bin", "/usr/lib", "/usr/local", "/usr/local/bin",
		"/opt", "/etc", "/etc/ssh", "/etc/mpi",
		"/bin", "/sbin", "/lib", "/lib64", "/run", "/run/sshd", "/var", "/var/run/code", "/root", "/root/.ssh",
	} {
		attempts = append(attempts, attempt{"code at " + target,
			with(annotations.GitSyncKey, "source=https://git.example.com/code,target="+target, none),
			"would hide files that the container needs"})
	}
	readOnly := *claim.DeepCopy()
	readOnly.PersistentVolumeClaim.ReadOnly = true
	for what, mount := range map[string]func(*v2beta1.MPIJob){
		"a ConfigMap":       mounting(settings, corev1.VolumeMount{MountPath: "/data"}),
		"a read-only claim": mounting(readOnly, corev1.VolumeMount{MountPath: "data/deep"}),
		"a read-only mount": mounting(ownDirectory, corev1.VolumeMount{MountPath: "/data", ReadOnly: true}),
	} {
		attempts = append(attempts, attempt{"code in " + what,
			with(annotations.GitSyncKey, "source=https://git.example.com/code,target=/data/deep/code", mount), "read-only mount"})
	}
	try(t, "t41", attempts)
}
