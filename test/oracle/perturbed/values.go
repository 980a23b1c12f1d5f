package perturbed

import (
	"reflect"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// texts are values of all fields of text, each valid in some.
var texts = []string{
	"", "mpi", "data", "Data", "side", "init", "scratch", "a_b", "a.b", "-a", "a-", ".", "..", "../a", "..a", "a/../b", "/", "/data",
	"/data/", "/scratch", "data/deep",
	"/etc/mpi", "/root/.ssh", "ssh-auth", "mpi-job-config", "/dev/disk", "example.com/name", "example.com/", "/name", "a/b/c",
	"kubernetes.io/hostname", "metadata.name",
	"metadata.labels", "metadata.labels['team']", "metadata.annotations['Team']", "metadata.labels['-']", "metadata.name['a']",
	"spec.nodeName", "spec.host",
	"spec.restartPolicy", "status.podIP", "limits.cpu", "requests.memory", "limits.hugepages-2Mi", "limits.nvidia.com/gpu",
	"10.0.0.1", "010.0.0.1", "::1", "::ffff:1.2.3.4", "1.2.3", "cluster.local",
	"cluster.local.", "_tcp.local", "http", "HTTP", "a--b", "8080", "A=B", "ü", "a b", " a", "a\n", "0", "-1", "1", "12", "01",
	"iqn.2001-04.com.example:storage", "iqn.x", "eui.0123456789abcdef", "naa.x",
	"a:1,b:2", "https://a", "/subscriptions/a", "runtime/default", "localhost/a", "localhost//a", "unconfined", "[{\"key\":\"a\"}]",
	"[{\"operator\":\"Exists\"}]", "{", "net.core.somaxconn", "kernel/shmmax", "kernel.msgmax",
	"net/ipv4/a.b", "Upper.name", "v1", "v2", "example.com/signer", "example/signer", "a:b", "CAP_SYS_ADMIN", `DOMAIN\user`, `a\b\c`,
	"...", "noexec", "team",
	strings.Repeat("a", 15), strings.Repeat("a", 16), strings.Repeat("a", 63), strings.Repeat("a", 64), strings.Repeat("a", 253),
	strings.Repeat("a", 254),
	strings.Repeat("a.", 126) + "a", strings.Repeat("a", 63) + "/" + strings.Repeat("b", 63), strings.Repeat("x", 317),
	strings.Repeat("a.", 700) + "a",
}

var annotationKeys = []string{
	"kubernetes.io/config.mirror", "scheduler.alpha.kubernetes.io/tolerations", corev1.PodDeletionCost,
	"seccomp.security.alpha.kubernetes.io/pod",
	"container.seccomp.security.alpha.kubernetes.io/mpi", "container.apparmor.security.beta.kubernetes.io/mpi",
	"container.apparmor.security.beta.kubernetes.io/other",
	"Example.com/Upper",
}

var resourceNames = []string{
	"cpu", "memory", "ephemeral-storage", "storage", "pods", "hugepages-2Mi", "hugepages-1Gi", "hugepages-", "hugepages-x",
	"hugepages-1m", "hugepages-0", "nvidia.com/gpu", "kubernetes.io/a",
	"requests.cpu", "requests.example.com/a", "example.com/a b", "cpus", "a/b/c", "example.com/" + strings.Repeat("a", 63),
	strings.Repeat("a", 250) + ".com/a", "",
}

var quantities = []string{"0", "1", "2", "-1", "1m", "500m", "1500m", "1Mi", "2Mi", "3Mi", "512Mi", "1Gi", "2Gi", "1k", "1M", "100",
	"1Ti", "5", "9Ei"}

var numbers = []int64{
	0, 1, -1, 2, 3, 5, 20, 30, 31, 80, 100, 101, 255, 256, 511, 512, 599, 600, 1023, 1024, 3600, 3599, 86400, 86401, 65535, 65536,
	7862400, 7862401,
	1<<31 - 1, 1 << 31, 1 << 32, 1<<32 + 1, -1 << 31,
}

// enums are the values of types with few valid ones.
var enums = map[reflect.Type][]string{}

func enum[T ~string](values ...T) {
	texts := []string{""}
	for _, value := range values {
		texts = append(texts, string(value))
	}
	enums[reflect.TypeFor[T]()] = append(texts, "other")
}

func init() {
	enum(corev1.RestartPolicyAlways, corev1.RestartPolicyNever, corev1.RestartPolicyOnFailure)
	enum(corev1.ContainerRestartPolicyAlways, corev1.ContainerRestartPolicyNever, corev1.ContainerRestartPolicyOnFailure)
	enum(corev1.ContainerRestartRuleActionRestart, corev1.ContainerRestartRuleActionRestartAllContainers)
	enum(corev1.ContainerRestartRuleOnExitCodesOpIn, corev1.ContainerRestartRuleOnExitCodesOpNotIn)
	enum(corev1.DNSClusterFirst, corev1.DNSClusterFirstWithHostNet, corev1.DNSDefault, corev1.DNSNone)
	enum(corev1.PullAlways, corev1.PullIfNotPresent, corev1.PullNever)
	enum(corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP)
	enum(corev1.URISchemeHTTP, corev1.URISchemeHTTPS)
	enum(corev1.HTTPProtocolHTTP1, corev1.HTTPProtocolHTTP2)
	enum(corev1.GRPCProbeModePlaintext, corev1.GRPCProbeModeTLS)
	enum(corev1.SIGTERM, corev1.SIGKILL, corev1.SIGRTMINPLUS15, corev1.SIGRTMAXMINUS14, "SIGRTMAX-15")
	enum(corev1.TerminationMessageReadFile, corev1.TerminationMessageFallbackToLogsOnError)
	enum(corev1.NotRequired, corev1.RestartContainer)
	enum(corev1.ResourceCPU, corev1.ResourceMemory, corev1.ResourceEphemeralStorage)
	enum(corev1.MountPropagationNone, corev1.MountPropagationHostToContainer, corev1.MountPropagationBidirectional)
	enum(corev1.RecursiveReadOnlyDisabled, corev1.RecursiveReadOnlyIfPossible, corev1.RecursiveReadOnlyEnabled)
	enum(corev1.HostPathDirectory, corev1.HostPathSocket, corev1.HostPathFileOrCreate)
	enum(corev1.AzureDataDiskCachingNone, corev1.AzureDataDiskCachingReadOnly)
	enum(corev1.AzureManagedDisk, corev1.AzureSharedBlobDisk)
	enum(corev1.ReadWriteOnce, corev1.ReadWriteOncePod, corev1.ReadOnlyMany)
	enum(corev1.PersistentVolumeBlock, corev1.PersistentVolumeFilesystem)
	enum(corev1.StorageMediumMemory, corev1.StorageMediumHugePages)
	enum(corev1.NodeSelectorOpIn, corev1.NodeSelectorOpExists, corev1.NodeSelectorOpGt, corev1.NodeSelectorOpDoesNotExist)
	enum(metav1.LabelSelectorOpIn, metav1.LabelSelectorOpNotIn, metav1.LabelSelectorOpExists)
	enum(corev1.TolerationOpEqual, corev1.TolerationOpExists, corev1.TolerationOpGt)
	enum(corev1.TaintEffectNoExecute, corev1.TaintEffectNoSchedule)
	enum(corev1.DoNotSchedule, corev1.ScheduleAnyway)
	enum(corev1.NodeInclusionPolicyHonor, corev1.NodeInclusionPolicyIgnore)
	enum(corev1.PreemptLowerPriority, corev1.PreemptNever)
	enum(corev1.SeccompProfileTypeLocalhost, corev1.SeccompProfileTypeRuntimeDefault, corev1.SeccompProfileTypeUnconfined)
	enum(corev1.AppArmorProfileTypeLocalhost, corev1.AppArmorProfileTypeRuntimeDefault, corev1.AppArmorProfileTypeUnconfined)
	enum(corev1.DefaultProcMount, corev1.UnmaskedProcMount)
	enum(corev1.SupplementalGroupsPolicyStrict, corev1.SupplementalGroupsPolicyMerge)
	enum(corev1.SELinuxChangePolicyRecursive, corev1.SELinuxChangePolicyMountOption)
	enum(corev1.FSGroupChangeAlways, corev1.FSGroupChangeOnRootMismatch)
	enum(corev1.Linux, corev1.Windows)
	enum[corev1.Capability]("CAP_SYS_ADMIN", "NET_ADMIN")
}
