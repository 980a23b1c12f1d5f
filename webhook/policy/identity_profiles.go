package policy

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// unlistedProfiles returns an error for each profile of the node that an administrator has not listed: its
// name does not say what it allows.
func unlistedProfiles(template mpijob.Template, cluster config.Identity) field.ErrorList {
	var errs field.ErrorList
	check := func(isLocal bool, name *string, path pathTo, kind string) {
		if !isLocal {
			return
		}
		profile := ""
		if name != nil {
			profile = *name
		}
		// rule T07 in test/forgery TestT07Privileges: a profile of the node
		if !slices.Contains(cluster.LocalhostProfiles, profile) {
			errs = append(errs, field.Invalid(path(kind).Child("localhostProfile"), profile, "cannot be used with "+annotations.RunAsUserKey+
				" on this cluster: use RuntimeDefault, or ask your administrator to add it to identity.localhostProfiles"))
		}
	}
	both := func(seccomp *corev1.SeccompProfile, appArmor *corev1.AppArmorProfile, path pathTo) {
		if seccomp != nil {
			check(seccomp.Type == corev1.SeccompProfileTypeLocalhost, seccomp.LocalhostProfile, path, "seccompProfile")
		}
		if appArmor != nil {
			check(appArmor.Type == corev1.AppArmorProfileTypeLocalhost, appArmor.LocalhostProfile, path, "appArmorProfile")
		}
	}
	if pod := template.Spec.SecurityContext; pod != nil {
		both(pod.SeccompProfile, pod.AppArmorProfile, func(kind string) *field.Path { return template.Path.Child("spec", "securityContext", kind) })
	}
	for _, container := range template.Containers() {
		if own := container.SecurityContext; own != nil {
			both(own.SeccompProfile, own.AppArmorProfile, func(kind string) *field.Path { return container.Path().Child("securityContext", kind) })
		}
	}
	return errs
}
