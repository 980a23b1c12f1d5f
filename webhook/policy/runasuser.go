package policy

import (
	"fmt"
	"slices"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// bindLowPorts is the one capability that the restricted Pod Security Standard lets a container add.
// The operator's own image carries it as a file capability on sshd, which without it cannot be run.
const bindLowPorts corev1.Capability = "NET_BIND_SERVICE"

func hasIdentity(_ *v2beta1.MPIJob, in Input) bool { return in.Identity != nil }

// runAsUser makes every process of the job run as the submitter, and gives none a way to be somebody
// else. Ids of the user's own that say otherwise are refused, not replaced: she may not know who she is.
func runAsUser(job *v2beta1.MPIJob, in Input) field.ErrorList {
	var errs field.ErrorList
	for _, template := range mpijob.Templates(job) {
		errs = append(errs, ensurePodIdentity(template, in)...)
		for _, container := range template.Containers() {
			errs = append(errs, ensureContainerIdentity(container, in)...)
		}
		errs = append(errs, dangers(template, in.Cluster.Identity)...)
	}
	return errs
}

func ensurePodIdentity(template mpijob.Template, in Input) field.ErrorList {
	if template.Spec.SecurityContext == nil {
		template.Spec.SecurityContext = &corev1.PodSecurityContext{}
	}
	pod, path, nonRoot := template.Spec.SecurityContext, template.Path.Child("spec", "securityContext"), true
	errs := slices.Concat(
		ensurePointer(&pod.RunAsUser, in.Identity.UID, path.Child("runAsUser"), annotations.RunAsUserKey),
		ensurePointer(&pod.RunAsGroup, in.Identity.GID, path.Child("runAsGroup"), annotations.RunAsUserKey),
		ensureGroups(pod, in.Identity.Groups, path.Child("supplementalGroups")),
		ensurePointer(&pod.RunAsNonRoot, nonRoot, path.Child("runAsNonRoot"), annotations.RunAsUserKey),
	)
	if in.Cluster.Identity.SupplementalGroupsPolicy == config.GroupsStrict {
		errs = append(errs, ensurePointer(&pod.SupplementalGroupsPolicy, corev1.SupplementalGroupsPolicyStrict,
			path.Child("supplementalGroupsPolicy"), annotations.RunAsUserKey)...)
	}
	if pod.SeccompProfile == nil {
		pod.SeccompProfile = &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}
	}
	return errs
}

func ensureGroups(pod *corev1.PodSecurityContext, groups []int64, path *field.Path) field.ErrorList {
	if len(pod.SupplementalGroups) == 0 && len(groups) > 0 {
		pod.SupplementalGroups = slices.Clone(groups)
	}
	if own := slices.Sorted(slices.Values(pod.SupplementalGroups)); !slices.Equal(own, groups) && len(own)+len(groups) > 0 {
		return field.ErrorList{contradicts(path, fmt.Sprint(own), annotations.RunAsUserKey, fmt.Sprint(groups))}
	}
	return nil
}

func ensureContainerIdentity(container mpijob.Container, in Input) field.ErrorList {
	if container.SecurityContext == nil {
		container.SecurityContext = &corev1.SecurityContext{}
	}
	context, path := container.SecurityContext, container.Path().Child("securityContext")
	errs := slices.Concat(
		agrees(context.RunAsUser, in.Identity.UID, path.Child("runAsUser")),
		agrees(context.RunAsGroup, in.Identity.GID, path.Child("runAsGroup")),
		agrees(context.RunAsNonRoot, true, path.Child("runAsNonRoot")),
		agrees(context.Privileged, false, path.Child("privileged")),
		ensurePointer(&context.AllowPrivilegeEscalation, false, path.Child("allowPrivilegeEscalation"), annotations.RunAsUserKey),
	)
	return append(errs, ensureCapabilities(context, path.Child("capabilities"))...)
}

// ensureCapabilities leaves a process of the job none: it is not root, and the one that its files may
// have is harmless.
func ensureCapabilities(context *corev1.SecurityContext, path *field.Path) field.ErrorList {
	if context.Capabilities == nil {
		context.Capabilities = &corev1.Capabilities{}
	}
	capabilities := context.Capabilities
	var errs field.ErrorList
	for i, added := range capabilities.Add {
		if added != bindLowPorts {
			errs = append(errs, field.Invalid(path.Child("add").Index(i), added, "cannot be had beside "+annotations.RunAsUserKey+": leave it out"))
		}
	}
	if !slices.Contains(capabilities.Drop, "ALL") {
		capabilities.Drop = append(capabilities.Drop, "ALL")
	}
	if !slices.Contains(capabilities.Add, bindLowPorts) {
		capabilities.Add = append(capabilities.Add, bindLowPorts)
	}
	return errs
}

// ensurePointer sets what is not said, accepts the same, and refuses anything else.
func ensurePointer[T comparable](value **T, want T, path *field.Path, asker string) field.ErrorList {
	if *value == nil {
		*value = &want
		return nil
	}
	if **value != want {
		return field.ErrorList{contradicts(path, **value, asker, fmt.Sprint(want))}
	}
	return nil
}

// agrees refuses what says something else; what says nothing stays, and inherits the pod's.
func agrees[T comparable](value *T, want T, path *field.Path) field.ErrorList {
	if value == nil || *value == want {
		return nil
	}
	return field.ErrorList{contradicts(path, *value, annotations.RunAsUserKey, fmt.Sprint(want))}
}
