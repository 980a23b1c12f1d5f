package policy

import (
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/pod-security-admission/api"
	podsecurity "k8s.io/pod-security-admission/policy"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// confinement are the checks of the restricted Pod Security Standard that a job with an identity must
// pass in any namespace. The others are the policies' own business, or the restrictions'.
var confinement = NewPodSecurityEvaluator(func(id podsecurity.CheckID) bool {
	return slices.Contains([]podsecurity.CheckID{"seLinuxOptions", "seccompProfile_baseline", "seccompProfile_restricted", "appArmorProfile",
		"procMount", "sysctls"}, id)
})

// NewPodSecurityEvaluator returns an evaluator of the wanted checks of the Pod Security Standards.
func NewPodSecurityEvaluator(wanted func(podsecurity.CheckID) bool) podsecurity.Evaluator {
	checks := slices.DeleteFunc(podsecurity.DefaultChecks(), func(check podsecurity.Check) bool { return !wanted(check.ID) })
	evaluator, err := podsecurity.NewEvaluator(checks, nil)
	if err != nil {
		panic(err) // the package's own checks
	}
	return evaluator
}

// loosening are patterns of annotations by which a pod can loosen what confines it, in container
// runtimes and in older versions of them and of Kubernetes.
var loosening = []string{
	"container.apparmor.security.beta.kubernetes.io/*", "container.seccomp.security.alpha.kubernetes.io/*", "seccomp.security.alpha.kubernetes.io/*",
	"io.kubernetes.cri-o.*", "io.kubernetes.cri-o.*/*", "seccomp-profile.kubernetes.cri-o.io*", "seccomp-profile.kubernetes.cri-o.io*/*",
	"run.oci.*", "run.oci.*/*", "org.systemd.property.*", "org.systemd.property.*/*", "io.containers.trace-syscall*", "io.containers.trace-syscall*/*",
	"*.crio.io", "*.crio.io/*",
}

// tuning are the annotations of CRI-O's own domain that only tune CPUs.
var tuning = []string{"cpu-*.crio.io", "cpu-*.crio.io/*", "irq-*.crio.io", "irq-*.crio.io/*"}

// loosens refuses what could make a process somebody else although its ids are right.
func loosens(template mpijob.Template, cluster config.Identity) field.ErrorList {
	path, spec := template.Path.Child("spec"), template.Spec
	var errs field.ErrorList
	forbid := func(path *field.Path, why string) {
		errs = append(errs, field.Forbidden(path, why+": leave it out beside "+annotations.RunAsUserKey))
	}
	// rule T04 in test/forgery TestT04OtherGroups: fsGroup
	if spec.SecurityContext != nil && spec.SecurityContext.FSGroup != nil {
		forbid(path.Child("securityContext", "fsGroup"), "gives the processes a group that the user may not have")
	}
	// rule T07 in test/forgery TestT07Privileges: a user namespace
	if spec.HostUsers != nil && !*spec.HostUsers {
		forbid(path.Child("hostUsers"), "makes the user's ids mean somebody else's on shared storage")
	}
	// rule T07 in test/forgery TestT07Privileges: the node's processes
	if spec.HostPID {
		forbid(path.Child("hostPID"), "shows the processes of the node")
	}
	// rule T07 in test/forgery TestT07Privileges: an ephemeral container
	if len(spec.EphemeralContainers) > 0 {
		forbid(path.Child("ephemeralContainers"), "cannot stand in a template")
	}
	// rule T07 in test/forgery TestT07Privileges: another container runtime
	if name := spec.RuntimeClassName; name != nil && !slices.Contains(cluster.RuntimeClassNames, *name) {
		forbid(path.Child("runtimeClassName"), "chooses a container runtime that the cluster's policy does not list")
	}
	if spec.OS != nil && spec.OS.Name != "linux" {
		forbid(path.Child("os", "name"), "has no POSIX users")
	}
	for _, own := range windowsOptions(template) {
		forbid(own, "are of a system that has no POSIX users")
	}
	for _, key := range slices.Sorted(maps.Keys(template.Annotations)) {
		// rule T07 in test/forgery TestT07Privileges: an annotation that a runtime reads
		if (Ownership{Annotations: loosening}).HasAnnotation(key) && !(Ownership{Annotations: tuning}).HasAnnotation(key) {
			forbid(template.Path.Child("metadata", "annotations").Key(key), "may loosen what confines the processes")
		}
	}
	latest := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	for _, result := range confinement.EvaluatePod(latest, &template.ObjectMeta, &template.Spec) {
		// rule T07 in test/forgery TestT07Privileges: SELinux, seccomp, AppArmor, procMount, sysctls
		if !result.Allowed {
			forbid(path, result.ForbiddenReason+" ("+result.ForbiddenDetail+") would loosen what confines the processes")
		}
	}
	return errs
}

// windowsOptions are the paths of what says as whom a process runs on a node with Windows, where the ids
// mean nothing: a node selector is enough to get there.
func windowsOptions(template mpijob.Template) []*field.Path {
	var paths []*field.Path
	if pod := template.Spec.SecurityContext; pod != nil && pod.WindowsOptions != nil {
		paths = append(paths, template.Path.Child("spec", "securityContext", "windowsOptions"))
	}
	for _, container := range template.Containers() {
		if own := container.SecurityContext; own != nil && own.WindowsOptions != nil {
			paths = append(paths, container.Path().Child("securityContext", "windowsOptions"))
		}
	}
	return paths
}
