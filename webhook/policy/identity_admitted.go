package policy

import (
	"slices"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/webhook/patch"
)

// holdsIdentity returns an error for a job that does not run as its identity, or that could become another
// user.
func holdsIdentity(job *v2beta1.MPIJob, in Input) field.ErrorList {
	ensured := job.DeepCopy()
	errs := ensureIdentity(ensured, in)
	for i, template := range mpijob.Templates(job) {
		if !patch.Equal(&template.Spec, &mpijob.Templates(ensured)[i].Spec) {
			errs = append(errs, field.Forbidden(template.Path.Child("spec"), "does not run as "+in.Identity.String()))
		}
	}
	return errs
}

// undoIdentity removes the ids, and the capabilities that the policy adds and drops.
func undoIdentity(u Undoing) {
	u.each(func(template mpijob.Template, was *corev1.PodTemplateSpec) {
		undoPodIdentity(&template.Spec, was.Spec.SecurityContext, u.Stored != nil)
		undoContainers(template.Spec.Containers, was.Spec.Containers, u.Stored != nil)
		undoContainers(template.Spec.InitContainers, was.Spec.InitContainers, u.Stored != nil)
	})
}

func undoPodIdentity(spec *corev1.PodSpec, was *corev1.PodSecurityContext, all bool) {
	pod := spec.SecurityContext
	if pod == nil || was == nil {
		return
	}
	clearEqual(&pod.RunAsUser, was.RunAsUser)
	clearEqual(&pod.RunAsGroup, was.RunAsGroup)
	clearEqual(&pod.SupplementalGroups, was.SupplementalGroups)
	clearEqual(&pod.SupplementalGroupsPolicy, was.SupplementalGroupsPolicy)
	clearEqual(&pod.RunAsNonRoot, was.RunAsNonRoot)
	if all {
		clearEqual(&pod.SeccompProfile, was.SeccompProfile)
	}
	if patch.Equal(pod, &corev1.PodSecurityContext{}) {
		spec.SecurityContext = nil
	}
}

// undoContainers compares containers by name, because a policy's own may be missing.
func undoContainers(containers, stored []corev1.Container, all bool) {
	for i := range containers {
		context := containers[i].SecurityContext
		named := slices.IndexFunc(stored, func(c corev1.Container) bool { return c.Name == containers[i].Name })
		if context == nil || named < 0 || stored[named].SecurityContext == nil {
			continue
		}
		if context.Capabilities != nil && (all || isOurs(*context.Capabilities)) {
			undoCapabilities(context)
		}
		if all {
			clearEqual(&context.AllowPrivilegeEscalation, stored[named].SecurityContext.AllowPrivilegeEscalation)
		}
		if patch.Equal(context, &corev1.SecurityContext{}) {
			containers[i].SecurityContext = nil
		}
	}
}

// isOurs reports whether capabilities are those of a container for which the user wrote none.
func isOurs(capabilities corev1.Capabilities) bool {
	return slices.Equal(capabilities.Drop, []corev1.Capability{"ALL"}) &&
		(len(capabilities.Add) == 0 || slices.Equal(capabilities.Add, []corev1.Capability{bindLowPorts}))
}

func undoCapabilities(context *corev1.SecurityContext) {
	own := corev1.Capabilities{
		Drop: slices.DeleteFunc(context.Capabilities.Drop, func(c corev1.Capability) bool { return c == "ALL" }),
		Add:  slices.DeleteFunc(context.Capabilities.Add, func(c corev1.Capability) bool { return c == bindLowPorts }),
	}
	context.Capabilities = &own
	if len(own.Drop)+len(own.Add) == 0 {
		context.Capabilities = nil
	}
}
