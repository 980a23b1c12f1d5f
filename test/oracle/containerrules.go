package oracle

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/kubernetes/pkg/securitycontext"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
)

// A containerRule checks a field of the effective security context of every container.
type containerRule struct {
	field string
	holds func(effective *corev1.SecurityContext, identity annotations.Identity) bool
}

var containerRules = []containerRule{
	{"runAsUser", func(c *corev1.SecurityContext, identity annotations.Identity) bool {
		return is(c.RunAsUser, identity.UID)
	}},
	{"runAsGroup", func(c *corev1.SecurityContext, identity annotations.Identity) bool {
		return is(c.RunAsGroup, identity.GID)
	}},
	{"runAsNonRoot", func(c *corev1.SecurityContext, _ annotations.Identity) bool { return is(c.RunAsNonRoot, true) }},
	{"allowPrivilegeEscalation", func(c *corev1.SecurityContext, _ annotations.Identity) bool {
		return securitycontext.AddNoNewPrivileges(c)
	}},
	{"privileged", func(c *corev1.SecurityContext, _ annotations.Identity) bool { return !is(c.Privileged, true) }},
	{"capabilities", func(c *corev1.SecurityContext, _ annotations.Identity) bool { return hasNone(c.Capabilities) }},
	{"procMount", func(c *corev1.SecurityContext, _ annotations.Identity) bool { return masksProc(c.ProcMount) }},
	{"seccompProfile", func(c *corev1.SecurityContext, _ annotations.Identity) bool { return confinesCalls(c.SeccompProfile) }},
	{"appArmorProfile", func(c *corev1.SecurityContext, _ annotations.Identity) bool { return confinesFiles(c.AppArmorProfile) }},
	{"seLinuxOptions", func(c *corev1.SecurityContext, _ annotations.Identity) bool { return isOrdinary(c.SELinuxOptions) }},
	{"windowsOptions", func(c *corev1.SecurityContext, _ annotations.Identity) bool { return c.WindowsOptions == nil }},
}

func is[T comparable](value *T, want T) bool { return value != nil && *value == want }

// hasNone allows NET_BIND_SERVICE, which does not affect the identity.
func hasNone(capabilities *corev1.Capabilities) bool {
	return capabilities != nil && slices.Contains(capabilities.Drop, "ALL") &&
		!slices.ContainsFunc(capabilities.Add, func(added corev1.Capability) bool { return added != "NET_BIND_SERVICE" })
}

func masksProc(mount *corev1.ProcMountType) bool {
	return len(securitycontext.ConvertToRuntimeMaskedPaths(mount)) > 0
}

// confinesCalls requires a profile, because without one the runtime filters no system calls, and not one of the
// node's, because its contents are unknown.
func confinesCalls(profile *corev1.SeccompProfile) bool {
	return profile != nil && profile.Type == corev1.SeccompProfileTypeRuntimeDefault
}

// confinesFiles does not require a profile: without one, the runtime uses its own. One of the node's is unknown.
func confinesFiles(profile *corev1.AppArmorProfile) bool {
	return profile == nil || profile.Type == corev1.AppArmorProfileTypeRuntimeDefault
}

// isOrdinary allows the labels that confine containers on every node.
func isOrdinary(label *corev1.SELinuxOptions) bool {
	ordinary := []string{"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
	return label == nil || label.User == "" && label.Role == "" && slices.Contains(ordinary, label.Type)
}
