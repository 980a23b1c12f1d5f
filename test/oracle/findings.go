package oracle

import (
	"fmt"
	"maps"
	"slices"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
)

// Findings returns the fields of a job by which a process could run as another identity, or reach what belongs
// to others. It does not use any code of the policies.
func Findings(job *v2beta1.MPIJob, identity annotations.Identity) []string {
	var found []string
	for _, role := range slices.Sorted(maps.Keys(job.Spec.MPIReplicaSpecs)) {
		spec := job.Spec.MPIReplicaSpecs[role]
		if spec == nil {
			continue
		}
		pod := &corev1.Pod{ObjectMeta: spec.Template.ObjectMeta, Spec: spec.Template.Spec}
		for _, finding := range findingsOfPod(pod, identity) {
			found = append(found, fmt.Sprintf("%s: %s", role, finding))
		}
	}
	return found
}

func findingsOfPod(pod *corev1.Pod, identity annotations.Identity) []string {
	var found []string
	for _, rule := range podRules {
		if !rule.holds(pod, identity) {
			found = append(found, rule.field)
		}
	}
	for _, container := range containersOf(pod) {
		effective := effectiveContext(pod, &container)
		for _, rule := range containerRules {
			if !rule.holds(effective, identity) {
				found = append(found, fmt.Sprintf("container %q: %s", container.Name, rule.field))
			}
		}
	}
	return found
}

// containersOf returns all containers that a kubelet would start.
func containersOf(pod *corev1.Pod) []corev1.Container {
	all := slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers)
	for _, ephemeral := range pod.Spec.EphemeralContainers {
		all = append(all, corev1.Container(ephemeral.EphemeralContainerCommon))
	}
	return all
}
