package randomjob

import (
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/randfill"
)

// values lists the possible values of each type. Harmless ones come first, for when the bytes have run out.
var values = []any{
	oneOf(Identity.UID, Identity.GID, Identity.Groups[0], Identity.Groups[1], 0, 1000, -1, 65534),
	oneOf[int32](1, 2, 0, -1, 1000),
	oneOf("", "a", "mpi", "data", "nvidia", "team-a", "example/mpi", "container_t", "system_u", "spc_t", "kernel.shm_rmid_forced",
		"net.ipv4.tcp_syncookies", "kernel.msgmax", "root", "0", "true", "/data", "/etc/passwd", "/", "HOME", "USER",
		"runai-files", "runai-start-gate", "other-ssh", "other-git-sync"),
	oneOf(corev1.SeccompProfileTypeRuntimeDefault, corev1.SeccompProfileTypeLocalhost, corev1.SeccompProfileTypeUnconfined),
	oneOf(corev1.AppArmorProfileTypeRuntimeDefault, corev1.AppArmorProfileTypeLocalhost, corev1.AppArmorProfileTypeUnconfined),
	oneOf(corev1.DefaultProcMount, corev1.UnmaskedProcMount),
	oneOf(corev1.SupplementalGroupsPolicyStrict, corev1.SupplementalGroupsPolicyMerge),
	oneOf[corev1.Capability]("NET_BIND_SERVICE", "ALL", "SYS_ADMIN", "SETUID", "all"),
	oneOf(corev1.Linux, corev1.Windows),
	oneOf(corev1.ContainerRestartPolicyAlways, corev1.ContainerRestartPolicyNever),
	oneOf(corev1.RestartPolicyNever, corev1.RestartPolicyAlways),
	oneOf(corev1.PullIfNotPresent, corev1.PullAlways),
	oneOf(corev1.DNSClusterFirst, corev1.DNSNone),
	oneOf(corev1.NodeSelectorOpExists, corev1.NodeSelectorOpIn),
	oneOf(corev1.ResourceCPU, corev1.ResourceMemory, "nvidia.com/gpu"),
	oneOf(resource.MustParse("1"), resource.MustParse("1Gi"), resource.MustParse("0")),
	oneOf(v2beta1.LauncherCreationPolicyAtStartup, v2beta1.LauncherCreationPolicyWaitForWorkersReady),
	oneOf(v2beta1.MPIImplementationOpenMPI, v2beta1.MPIImplementationIntel, v2beta1.MPIImplementationMPICH),
	oneOf(metav1.FieldsV1{}), // JSON, which random bytes are not
	oneOf(v2beta1.CleanPodPolicyRunning, v2beta1.CleanPodPolicyAll, v2beta1.CleanPodPolicyNone),
}

func oneOf[T any](choices ...T) func(*T, randfill.Continue) {
	return func(value *T, c randfill.Continue) { *value = choices[c.Intn(len(choices))] }
}
