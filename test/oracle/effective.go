package oracle

import (
	"cmp"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/kubernetes/pkg/securitycontext"
)

// effectiveContext returns the security context that a kubelet applies to a container: the result of
// Kubernetes' own function, with the two profiles that it omits.
func effectiveContext(pod *corev1.Pod, container *corev1.Container) *corev1.SecurityContext {
	effective := securitycontext.DetermineEffectiveSecurityContext(pod, container).DeepCopy()
	own, inherited := container.SecurityContext, pod.Spec.SecurityContext
	if own == nil {
		own = &corev1.SecurityContext{}
	}
	if inherited == nil {
		inherited = &corev1.PodSecurityContext{}
	}
	effective.SeccompProfile = cmp.Or(own.SeccompProfile, inherited.SeccompProfile)
	effective.AppArmorProfile = cmp.Or(own.AppArmorProfile, inherited.AppArmorProfile)
	return effective
}
