package pods

import (
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

func (c *checker) podSecurity(path place) {
	context := c.pod.SecurityContext
	if context == nil {
		return
	}
	path = path.Child("securityContext")
	c.id(path.Child("runAsUser"), context.RunAsUser)
	c.id(path.Child("runAsGroup"), context.RunAsGroup)
	c.id(path.Child("fsGroup"), context.FSGroup)
	for i := range context.SupplementalGroups {
		c.id(path.Child("supplementalGroups").Index(i), &context.SupplementalGroups[i])
	}
	c.sysctls(context.Sysctls, path.Child("sysctls"))
	if policy := context.FSGroupChangePolicy; policy != nil {
		choice(c, path.Child("fsGroupChangePolicy"), *policy, corev1.FSGroupChangeOnRootMismatch, corev1.FSGroupChangeAlways)
	}
	if policy := context.SupplementalGroupsPolicy; policy != nil {
		choice(c, path.Child("supplementalGroupsPolicy"), *policy, corev1.SupplementalGroupsPolicyMerge, corev1.SupplementalGroupsPolicyStrict)
	}
	if policy := context.SELinuxChangePolicy; policy != nil {
		choice(c, path.Child("seLinuxChangePolicy"), *policy, corev1.SELinuxChangePolicyRecursive, corev1.SELinuxChangePolicyMountOption)
	}
	c.profiles(context.SeccompProfile, context.AppArmorProfile, path)
	c.windowsOptions(context.WindowsOptions, path.Child("windowsOptions"))
}

func (c *checker) containerSecurity(context *corev1.SecurityContext, path place) {
	c.id(path.Child("runAsUser"), context.RunAsUser)
	c.id(path.Child("runAsGroup"), context.RunAsGroup)
	if mount := context.ProcMount; mount != nil {
		choice(c, path.Child("procMount"), *mount, corev1.DefaultProcMount, corev1.UnmaskedProcMount)
		if *mount == corev1.UnmaskedProcMount && (c.pod.HostUsers == nil || *c.pod.HostUsers) {
			c.invalid(path.Child("procMount"), *mount, "needs hostUsers: false in the pod")
		}
	}
	if escalates := context.AllowPrivilegeEscalation; escalates != nil && !*escalates {
		at := path.Child("allowPrivilegeEscalation")
		if context.Privileged != nil && *context.Privileged {
			c.invalid(at, false, "cannot be used together with privileged: remove one of them")
		}
		if context.Capabilities != nil {
			for _, capability := range context.Capabilities.Add {
				if capability == "CAP_SYS_ADMIN" {
					c.invalid(at, false, "cannot be used together with the capability CAP_SYS_ADMIN: remove one of them")
					break
				}
			}
		}
	}
	c.profiles(context.SeccompProfile, context.AppArmorProfile, path)
	c.windowsOptions(context.WindowsOptions, path.Child("windowsOptions"))
}

// profiles validates the profiles of a pod or a container.
func (c *checker) profiles(seccomp *corev1.SeccompProfile, appArmor *corev1.AppArmorProfile, path place) {
	const local = "must be set if the type is Localhost, and only then"
	if seccomp != nil {
		at := path.Child("seccompProfile")
		choice(c, at.Child("type"), seccomp.Type, corev1.SeccompProfileTypeRuntimeDefault, corev1.SeccompProfileTypeUnconfined, corev1.SeccompProfileTypeLocalhost)
		if (seccomp.Type == corev1.SeccompProfileTypeLocalhost) != (seccomp.LocalhostProfile != nil) {
			c.forbidden(at.Child("localhostProfile"), local)
		} else if seccomp.LocalhostProfile != nil {
			c.localPath(at.Child("localhostProfile"), *seccomp.LocalhostProfile)
		}
	}
	if appArmor == nil {
		return
	}
	at := path.Child("appArmorProfile")
	choice(c, at.Child("type"), appArmor.Type, corev1.AppArmorProfileTypeRuntimeDefault, corev1.AppArmorProfileTypeUnconfined, corev1.AppArmorProfileTypeLocalhost)
	if (appArmor.Type == corev1.AppArmorProfileTypeLocalhost) != (appArmor.LocalhostProfile != nil) {
		c.forbidden(at.Child("localhostProfile"), local)
	} else if name := appArmor.LocalhostProfile; name != nil && (*name == "" || len(*name) > 4095 || strings.TrimSpace(*name) != *name) {
		c.invalid(at.Child("localhostProfile"), *name, "must be the name of a profile without leading or trailing spaces")
	}
}

var sysctlName = regexp.MustCompile(`^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$`)

func (c *checker) sysctls(sysctls []corev1.Sysctl, path place) {
	seen := map[string]bool{}
	for i, sysctl := range sysctls {
		at := path.Index(i).Child("name")
		if len(sysctl.Name) > 253 || !sysctlName.MatchString(sysctl.Name) {
			c.invalid(at, sysctl.Name, "must be a name such as net.core.somaxconn, of at most 253 characters")
			continue
		}
		c.unique(seen, at, sysctl.Name, "sysctl")
		switch space := namespaceOf(sysctl.Name); {
		case space == "net" && c.pod.HostNetwork:
			c.forbidden(at, "cannot be set together with hostNetwork: remove one of them")
		case space == "ipc" && c.pod.HostIPC:
			c.forbidden(at, "cannot be set together with hostIPC: remove one of them")
		}
	}
}

var ipcSysctls = strings.Fields("kernel.sem kernel.shm kernel.shmall kernel.shmmax kernel.shmmni kernel.shm_rmid_forced " +
	"kernel.msg kernel.msgmax kernel.msgmnb kernel.msgmni")

// namespaceOf returns the Linux namespace of a sysctl, or "" for one of the node.
func namespaceOf(sysctl string) string {
	name := sysctl
	if i := strings.IndexAny(name, "./"); i >= 0 && name[i] == '/' { // written with slashes, as the path of a file
		name = strings.NewReplacer("/", ".", ".", "/").Replace(name)
	}
	switch {
	case strings.HasPrefix(name, "net."):
		return "net"
	case strings.HasPrefix(name, "fs.mqueue."), slices.Contains(ipcSysctls, name):
		return "ipc"
	}
	return ""
}
