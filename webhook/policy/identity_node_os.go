package policy

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// OSLabels are the labels of a node with its operating system.
var OSLabels = []string{corev1.LabelOSStable, "beta.kubernetes.io/os"}

// windows returns an error for everything that is made for a Windows node, where POSIX ids have no meaning.
func windows(template mpijob.Template) field.ErrorList {
	const why = "must be \"linux\" with " + annotations.RunAsUserKey + ": Windows has no POSIX users"
	path, spec := template.Path, template.Spec
	var errs field.ErrorList
	if spec.OS != nil && spec.OS.Name != corev1.Linux {
		errs = append(errs, field.Invalid(path.Child("spec", "os", "name"), spec.OS.Name, why))
	}
	for _, own := range windowsOptions(template) {
		errs = append(errs, field.Forbidden(own, "cannot be used with "+annotations.RunAsUserKey+" because Windows has no POSIX users: remove it"))
	}
	for _, label := range OSLabels {
		// rule T07 in test/forgery TestT07Privileges: a Windows node
		if value, present := spec.NodeSelector[label]; present && value != string(corev1.Linux) {
			errs = append(errs, field.Invalid(path.Child("spec", "nodeSelector").Key(label), value, why))
		}
	}
	for _, expression := range requiresOtherOS(template) {
		errs = append(errs, field.Invalid(expression.path, expression.label, why))
	}
	return errs
}

// An expression is a requirement of a node affinity on a label.
type expression struct {
	label string
	path  *field.Path
}

// requiresOtherOS returns the requirements of a node affinity that ask for another operating system than Linux.
func requiresOtherOS(template mpijob.Template) []expression {
	affinity := template.Spec.Affinity
	if affinity == nil || affinity.NodeAffinity == nil || affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return nil
	}
	var found []expression
	for i, term := range affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms {
		for n, requirement := range term.MatchExpressions {
			if slices.Contains(OSLabels, requirement.Key) && selectsOther(requirement, string(corev1.Linux)) {
				found = append(found, expression{requirement.Key, termsPath(template).Index(i).Child("matchExpressions").Index(n)})
			}
		}
	}
	return found
}

// selectsOther reports whether a requirement asks for another value than the given one.
func selectsOther(requirement corev1.NodeSelectorRequirement, value string) bool {
	switch requirement.Operator {
	case corev1.NodeSelectorOpIn:
		return slices.ContainsFunc(requirement.Values, func(v string) bool { return v != value })
	case corev1.NodeSelectorOpNotIn:
		return slices.Contains(requirement.Values, value)
	}
	return false
}

// windowsOptions returns the paths of all Windows options of a template, which choose the user there.
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
