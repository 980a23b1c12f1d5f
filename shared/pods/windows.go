package pods

import (
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

func (c *checker) isWindows() bool { return c.pod.OS != nil && c.pod.OS.Name == corev1.Windows }

// operatingSystem validates that a pod has only the fields of its operating system.
func (c *checker) operatingSystem(path place) {
	c.hostProcess(path)
	if c.pod.OS == nil {
		return
	}
	choice(c, path.Child("os", "name"), c.pod.OS.Name, corev1.Linux, corev1.Windows)
	context := c.pod.SecurityContext
	switch c.pod.OS.Name {
	case corev1.Linux:
		const detail = "cannot be set for Linux: remove it"
		if context != nil && context.WindowsOptions != nil {
			c.forbidden(path.Child("securityContext", "windowsOptions"), detail)
		}
		c.eachContainer(path, func(container *corev1.Container, path place) {
			if container.SecurityContext != nil && container.SecurityContext.WindowsOptions != nil {
				c.forbidden(path.Child("securityContext", "windowsOptions"), detail)
			}
		})
	case corev1.Windows:
		c.onlyWindows(path)
	}
}

// A use is a field, and whether it is set.
type use struct {
	name  string
	isSet bool
}

func (c *checker) notOnWindows(path place, uses ...use) {
	for _, one := range uses {
		if one.isSet {
			c.forbidden(path.Child(one.name), "cannot be set for Windows: remove it")
		}
	}
}

func (c *checker) onlyWindows(path place) {
	pod := c.pod
	c.notOnWindows(path, use{"hostUsers", pod.HostUsers != nil}, use{"hostPID", pod.HostPID}, use{"hostIPC", pod.HostIPC},
		use{"shareProcessNamespace", pod.ShareProcessNamespace != nil})
	if of := pod.SecurityContext; of != nil {
		c.notOnWindows(path.Child("securityContext"), use{"appArmorProfile", of.AppArmorProfile != nil},
			use{"seLinuxOptions", of.SELinuxOptions != nil}, use{"seccompProfile", of.SeccompProfile != nil}, use{"fsGroup", of.FSGroup != nil},
			use{"fsGroupChangePolicy", of.FSGroupChangePolicy != nil}, use{"sysctls", len(of.Sysctls) > 0}, use{"runAsUser", of.RunAsUser != nil},
			use{"runAsGroup", of.RunAsGroup != nil}, use{"supplementalGroups", of.SupplementalGroups != nil},
			use{"supplementalGroupsPolicy", of.SupplementalGroupsPolicy != nil}, use{"seLinuxChangePolicy", of.SELinuxChangePolicy != nil})
	}
	c.eachContainer(path, func(container *corev1.Container, path place) {
		if of := container.SecurityContext; of != nil {
			c.notOnWindows(path.Child("securityContext"), use{"appArmorProfile", of.AppArmorProfile != nil},
				use{"seLinuxOptions", of.SELinuxOptions != nil}, use{"seccompProfile", of.SeccompProfile != nil},
				use{"capabilities", of.Capabilities != nil}, use{"readOnlyRootFilesystem", of.ReadOnlyRootFilesystem != nil},
				use{"privileged", of.Privileged != nil}, use{"allowPrivilegeEscalation", of.AllowPrivilegeEscalation != nil},
				use{"procMount", of.ProcMount != nil}, use{"runAsUser", of.RunAsUser != nil}, use{"runAsGroup", of.RunAsGroup != nil})
		}
	})
}

// hostProcess validates that all containers are processes of the node, or none.
func (c *checker) hostProcess(path place) {
	var ofPod *bool
	if context := c.pod.SecurityContext; context != nil && context.WindowsOptions != nil {
		ofPod = context.WindowsOptions.HostProcess
	}
	all, host := 0, 0
	c.eachContainer(path, func(container *corev1.Container, path place) {
		own := ofPod
		if context := container.SecurityContext; context != nil && context.WindowsOptions != nil && context.WindowsOptions.HostProcess != nil {
			own = context.WindowsOptions.HostProcess
			if ofPod != nil && *ofPod != *own {
				c.invalid(path.Child("securityContext", "windowsOptions", "hostProcess"), *own, "must be the same as in the pod")
			}
		}
		all++
		if own != nil && *own {
			host++
		}
	})
	if host > 0 && host < all {
		c.forbidden(path.Child("containers"), "must all set hostProcess, or none of them")
	}
	if host > 0 && !c.pod.HostNetwork {
		c.missing(path.Child("hostNetwork"), "must be true because a container sets hostProcess")
	}
}

var (
	control       = regexp.MustCompile(`[[:cntrl:]]`)
	netBIOSDomain = regexp.MustCompile(`^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$`)
	dnsDomain     = regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$`)
	notInUser     = regexp.MustCompile(`["/\\:;|=,+*?<>@\[\]]`)
)

func (c *checker) windowsOptions(options *corev1.WindowsSecurityContextOptions, path place) {
	if options == nil {
		return
	}
	if name := options.GMSACredentialSpecName; name != nil {
		c.subdomain(path.Child("gmsaCredentialSpecName"), *name)
	}
	if spec := options.GMSACredentialSpec; spec != nil && (*spec == "" || len(*spec) > 64<<10) {
		c.invalid(path.Child("gmsaCredentialSpec"), len(*spec), "must have from 1 to 65536 characters")
	}
	if name := options.RunAsUserName; name != nil && !isWindowsUser(*name) {
		c.invalid(path.Child("runAsUserName"), *name, `must be USER or DOMAIN\USER`)
	}
}

func isWindowsUser(name string) bool {
	domain, user, hasDomain := strings.Cut(name, `\`)
	if !hasDomain {
		domain, user = "", name
	}
	return len(domain) < 256 && len(user) <= 104 && strings.Trim(user, ". ") != "" &&
		!control.MatchString(name) && !notInUser.MatchString(user) &&
		(!hasDomain || netBIOSDomain.MatchString(domain) || dnsDomain.MatchString(domain))
}
