package policy

import (
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/pod-security-admission/api"
	podsecurity "k8s.io/pod-security-admission/policy"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// confinement evaluates the checks of the restricted Pod Security Standard that a job with an identity
// must pass in any namespace. The policies or the restrictions cover the other checks.
var confinement = NewPodSecurityEvaluator(func(id podsecurity.CheckID) bool {
	return slices.Contains([]podsecurity.CheckID{"seLinuxOptions", "seccompProfile_baseline", "seccompProfile_restricted", "appArmorProfile",
		"procMount", "sysctls"}, id)
})

// NewPodSecurityEvaluator returns an evaluator of those checks of the Pod Security Standards for which
// wanted returns true.
func NewPodSecurityEvaluator(wanted func(podsecurity.CheckID) bool) podsecurity.Evaluator {
	checks := slices.DeleteFunc(podsecurity.DefaultChecks(), func(check podsecurity.Check) bool { return !wanted(check.ID) })
	evaluator, err := podsecurity.NewEvaluator(checks, nil)
	if err != nil {
		panic(err) // the package's own checks
	}
	return evaluator
}

// loosening lists patterns of annotations with which a pod can weaken its own confinement, in current and
// older container runtimes and in older versions of Kubernetes.
var loosening = []string{
	"container.apparmor.security.beta.kubernetes.io/*", "container.seccomp.security.alpha.kubernetes.io/*", "seccomp.security.alpha.kubernetes.io/*",
	"io.kubernetes.cri-o.*", "io.kubernetes.cri-o.*/*", "seccomp-profile.kubernetes.cri-o.io*", "seccomp-profile.kubernetes.cri-o.io*/*",
	"run.oci.*", "run.oci.*/*", "org.systemd.property.*", "org.systemd.property.*/*", "io.containers.trace-syscall*", "io.containers.trace-syscall*/*",
	"*.crio.io", "*.crio.io/*",
}

// tuning lists the annotations of CRI-O's own domain that only tune CPUs.
var tuning = []string{"cpu-*.crio.io", "cpu-*.crio.io/*", "irq-*.crio.io", "irq-*.crio.io/*"}

// loosens returns an error for each setting with which a process with the right ids could still become
// another user.
func loosens(template mpijob.Template, cluster config.Identity) field.ErrorList {
	path, spec := template.Path.Child("spec"), template.Spec
	var errs field.ErrorList
	forbid := func(path *field.Path, why string) {
		errs = append(errs, field.Forbidden(path, "cannot be used with "+annotations.RunAsUserKey+": "+why))
	}
	// rule T04 in test/forgery TestT04OtherGroups: fsGroup
	if spec.SecurityContext != nil && spec.SecurityContext.FSGroup != nil {
		forbid(path.Child("securityContext", "fsGroup"), "it adds a group that the user may not belong to")
	}
	// rule T07 in test/forgery TestT07Privileges: a user namespace
	if spec.HostUsers != nil && !*spec.HostUsers {
		forbid(path.Child("hostUsers"), "it maps the user's ids to other users' ids on shared storage")
	}
	// rule T07 in test/forgery TestT07Privileges: the node's processes
	if spec.HostPID {
		forbid(path.Child("hostPID"), "it exposes the node's processes")
	}
	// rule T07 in test/forgery TestT07Privileges: an ephemeral container
	if len(spec.EphemeralContainers) > 0 {
		forbid(path.Child("ephemeralContainers"), "a pod template cannot have ephemeral containers")
	}
	// rule T07 in test/forgery TestT07Privileges: another container runtime
	if name := spec.RuntimeClassName; name != nil && !slices.Contains(cluster.RuntimeClassNames, *name) {
		forbid(path.Child("runtimeClassName"), fmt.Sprintf("%q is not in identity.runtimeClassNames of the cluster policy", *name))
	}
	if spec.OS != nil && spec.OS.Name != "linux" {
		forbid(path.Child("os", "name"), fmt.Sprintf("%q has no POSIX users, use \"linux\"", spec.OS.Name))
	}
	for _, own := range windowsOptions(template) {
		forbid(own, "Windows has no POSIX users")
	}
	for _, key := range slices.Sorted(maps.Keys(template.Annotations)) {
		// rule T07 in test/forgery TestT07Privileges: an annotation that a runtime reads
		if (Ownership{Annotations: loosening}).HasAnnotation(key) && !(Ownership{Annotations: tuning}).HasAnnotation(key) {
			forbid(template.Path.Child("metadata", "annotations").Key(key), "it may weaken the confinement of the containers")
		}
	}
	latest := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	for _, result := range confinement.EvaluatePod(latest, &template.ObjectMeta, &template.Spec) {
		// rule T07 in test/forgery TestT07Privileges: SELinux, seccomp, AppArmor, procMount, sysctls
		if !result.Allowed {
			errs = append(errs, field.Forbidden(path,
				result.ForbiddenReason+" cannot be used with "+annotations.RunAsUserKey+": "+result.ForbiddenDetail))
		}
	}
	return errs
}

// windowsOptions returns the paths of all Windows options of a template. On a Windows node, which a node
// selector is enough to reach, they choose the user and POSIX ids have no meaning.
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
