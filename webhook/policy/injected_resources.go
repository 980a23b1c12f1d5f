package policy

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// injectedResources returns the resources of an injected init container: those of the pod's main container, so
// that the QoS class of the pod, and what quotas and limit ranges see, are the same with it and without it.
// Devices, whose names have a domain, are left out: an init container must not take them.
func injectedResources(main *corev1.Container) corev1.ResourceRequirements {
	return corev1.ResourceRequirements{Requests: withoutDevices(main.Resources.Requests), Limits: withoutDevices(main.Resources.Limits)}
}

func withoutDevices(list corev1.ResourceList) corev1.ResourceList {
	var left corev1.ResourceList
	for name, amount := range list {
		if strings.Contains(string(name), "/") {
			continue
		}
		if left == nil {
			left = corev1.ResourceList{}
		}
		left[name] = amount.DeepCopy()
	}
	return left
}
