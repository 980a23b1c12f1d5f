package policy

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// effectiveUID returns the uid of a template's main container. If the template sets none, the image
// decides, and most images for MPI run as root.
func effectiveUID(template mpijob.Template) int64 {
	if own := template.Main().SecurityContext; own != nil && own.RunAsUser != nil {
		return *own.RunAsUser
	}
	if pod := template.Spec.SecurityContext; pod != nil && pod.RunAsUser != nil {
		return *pod.RunAsUser
	}
	if isNonRoot(template) {
		return unknownUID
	}
	return 0
}

// unknownUID stands for the uid of an image that does not run as root.
const unknownUID = -1

func isNonRoot(template mpijob.Template) bool {
	if own := template.Main().SecurityContext; own != nil && own.RunAsNonRoot != nil {
		return *own.RunAsNonRoot
	}
	pod := template.Spec.SecurityContext
	return pod != nil && pod.RunAsNonRoot != nil && *pod.RunAsNonRoot
}

// confinedAs returns the restricted security context of an init container with the ids of the main
// container.
func confinedAs(template mpijob.Template, in Input) *corev1.SecurityContext {
	escalate := false
	context := &corev1.SecurityContext{
		AllowPrivilegeEscalation: &escalate,
		Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		SeccompProfile:           &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
	}
	if in.Identity != nil {
		context.Capabilities.Add = capabilitiesWithIdentity(template.Spec) // what the identity policy adds to every container
	}
	if own := template.Main().SecurityContext; own != nil {
		context.RunAsUser, context.RunAsGroup, context.RunAsNonRoot = copied(own.RunAsUser), copied(own.RunAsGroup), copied(own.RunAsNonRoot)
	}
	if uid := effectiveUID(template); uid == 0 {
		context.RunAsUser = &uid
	}
	return context
}

func copied[T any](value *T) *T {
	if value == nil {
		return nil
	}
	duplicate := *value
	return &duplicate
}
