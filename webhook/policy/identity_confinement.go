package policy

import (
	"slices"
	"strings"

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

// loosens returns an error for each setting with which a process with the right ids could still become
// another user.
func loosens(template mpijob.Template, cluster config.Identity) field.ErrorList {
	path, spec := template.Path.Child("spec"), &template.Spec
	var errs field.ErrorList
	forbid := func(path *field.Path, why string) {
		errs = append(errs, field.Forbidden(path, "cannot be used with "+annotations.RunAsUserKey+" because "+why+": remove it"))
	}
	// rule T04 in test/forgery TestT04OtherGroups: fsGroup
	if spec.SecurityContext != nil && spec.SecurityContext.FSGroup != nil {
		forbid(path.Child("securityContext", "fsGroup"), "it adds a group that the user may not belong to")
	}
	// rule T07 in test/forgery TestT07Privileges: a user namespace
	if spec.HostUsers != nil && !*spec.HostUsers {
		errs = append(errs, field.Invalid(path.Child("hostUsers"), false, "cannot be used with "+annotations.RunAsUserKey+
			" because it maps the user's ids to other users' ids on shared storage: remove it"))
	}
	// rule T07 in test/forgery TestT07Privileges: the node's processes
	if spec.HostPID {
		forbid(path.Child("hostPID"), "it exposes the node's processes")
	}
	// rule T07 in test/forgery TestT07Privileges: an ephemeral container
	if len(spec.EphemeralContainers) > 0 {
		errs = append(errs, field.Forbidden(path.Child("ephemeralContainers"), "are not allowed in a pod template: remove them"))
	}
	// rule T07 in test/forgery TestT07Privileges: another container runtime
	if name := spec.RuntimeClassName; name != nil && !slices.Contains(cluster.RuntimeClassNames, *name) {
		errs = append(errs, field.Invalid(path.Child("runtimeClassName"), *name, "cannot be used with "+annotations.RunAsUserKey+
			" on this cluster: remove it, or ask your administrator to add it to identity.runtimeClassNames"))
	}
	errs = slices.Concat(errs, windows(template), unlistedProfiles(template, cluster))
	// rule T07 in test/forgery TestT07Privileges: an annotation that a runtime reads
	// without: for _, key := range template.AnnotationsWith(isLoosening)[:0] {
	for _, key := range template.AnnotationsWith(isLoosening) {
		forbid(template.Path.Child("metadata", "annotations").Key(key), "it may weaken the confinement of the containers")
	}
	latest := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	for _, result := range confinement.EvaluatePod(latest, &template.ObjectMeta, &template.Spec) {
		// rule T07 in test/forgery TestT07Privileges: SELinux, seccomp, AppArmor, procMount, sysctls
		if !result.Allowed {
			what, remedy := explain(result)
			errs = append(errs, field.Forbidden(path, what+" cannot be used with "+annotations.RunAsUserKey+": "+remedy))
		}
	}
	return errs
}

// explain returns what a check of [confinement] found and what to do instead, because the text of the check
// names no remedy.
func explain(result podsecurity.CheckResult) (what, remedy string) {
	switch reason := result.ForbiddenReason; {
	case reason == "seLinuxOptions":
		return "an SELinux user or role, or a type other than container_t,", "remove it from seLinuxOptions"
	case reason == "seccompProfile":
		return "seccompProfile Unconfined", "remove it or set RuntimeDefault"
	case strings.Contains(reason, "AppArmor"):
		return "appArmorProfile Unconfined", "remove it or set RuntimeDefault"
	case reason == "procMount":
		return "procMount Unmasked", "remove it"
	case reason == "forbidden sysctls":
		return "sysctl " + result.ForbiddenDetail, "remove it"
	}
	return result.ForbiddenReason + " (" + result.ForbiddenDetail + ")", "remove it"
}
