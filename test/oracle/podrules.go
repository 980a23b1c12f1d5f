package oracle

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
)

// A podRule checks a field of every pod.
type podRule struct {
	field string
	holds func(pod *corev1.Pod, identity annotations.Identity) bool
}

var podRules = []podRule{
	{"supplementalGroups", func(pod *corev1.Pod, identity annotations.Identity) bool {
		return slices.Equal(slices.Sorted(slices.Values(contextOf(pod).SupplementalGroups)), identity.Groups)
	}},
	{"supplementalGroupsPolicy", func(pod *corev1.Pod, _ annotations.Identity) bool {
		return is(contextOf(pod).SupplementalGroupsPolicy, corev1.SupplementalGroupsPolicyStrict)
	}},
	{"fsGroup", func(pod *corev1.Pod, _ annotations.Identity) bool { return contextOf(pod).FSGroup == nil }},
	{"sysctls", func(pod *corev1.Pod, _ annotations.Identity) bool {
		return !slices.ContainsFunc(contextOf(pod).Sysctls, reachesFar)
	}},
	{"hostUsers", func(pod *corev1.Pod, _ annotations.Identity) bool { return !is(pod.Spec.HostUsers, false) }},
	{"hostPID", func(pod *corev1.Pod, _ annotations.Identity) bool { return !pod.Spec.HostPID }},
	{"ephemeralContainers", func(pod *corev1.Pod, _ annotations.Identity) bool { return len(pod.Spec.EphemeralContainers) == 0 }},
	{"runtimeClassName", func(pod *corev1.Pod, _ annotations.Identity) bool { return pod.Spec.RuntimeClassName == nil }},
	{"os", func(pod *corev1.Pod, _ annotations.Identity) bool {
		return pod.Spec.OS == nil || pod.Spec.OS.Name == corev1.Linux
	}},
	{"annotations", func(pod *corev1.Pod, _ annotations.Identity) bool { return !hasAny(pod.Annotations, loosening) }},
}

func contextOf(pod *corev1.Pod) corev1.PodSecurityContext {
	if pod.Spec.SecurityContext == nil {
		return corev1.PodSecurityContext{}
	}
	return *pod.Spec.SecurityContext
}

// reachesFar reports whether a sysctl affects more than its pod.
func reachesFar(sysctl corev1.Sysctl) bool {
	return sysctl.Name != "kernel.shm_rmid_forced" && !strings.HasPrefix(sysctl.Name, "net.ipv4.")
}

// loosening lists parts of the annotation keys by which container runtimes let a pod choose its user namespace,
// its devices, its profiles, or what systemd does with it.
var loosening = []string{"apparmor", "seccomp", "cri-o", "userns-mode", "devices", "run.oci", "org.systemd.property", "trace-syscall"}

func hasAny(annotations map[string]string, parts []string) bool {
	for key := range annotations {
		if slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(key, part) }) {
			return true
		}
	}
	return false
}
