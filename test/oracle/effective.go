package oracle

import (
	"cmp"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/kubernetes/pkg/securitycontext"
)

// effectiveContext is what a kubelet makes of the security contexts of a pod and of its container:
// Kubernetes' own answer, and the two profiles that its function leaves out.
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
