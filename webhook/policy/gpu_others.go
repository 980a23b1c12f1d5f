package policy

import (
	"maps"
	"slices"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// otherGPUs returns an error for GPUs of another kind, for example of another vendor or a MIG slice, in a pod that
// gets GPUs by the intent: few nodes have both.
func otherGPUs(job *v2beta1.MPIJob, in Input) field.ErrorList {
	intents := intentRequests(in.Intent)
	if len(intents) == 0 {
		return nil
	}
	intent, ours := intents[0], in.Cluster.GPU.ResourceName
	what := "which requests " + string(ours)
	if intent.gpuAmount == (gpuAmount{}) {
		what = "which requests no GPU"
	}
	var errs field.ErrorList
	for _, template := range mpijob.Templates(job) {
		if !getsIntent(job, template) && intent.gpuAmount != (gpuAmount{}) {
			continue
		}
		for _, container := range template.Containers() {
			for _, name := range otherGPUsOf(container, ours) {
				path, gpus := gpusOf(container, name)
				errs = append(errs, field.Invalid(path, gpus, "conflicts with "+intent.key+", "+what+": remove one of them"))
			}
		}
	}
	return errs
}

// otherGPUsOf returns the GPU resources other than the cluster's that a container requests.
func otherGPUsOf(container mpijob.Container, ours corev1.ResourceName) []corev1.ResourceName {
	found := map[corev1.ResourceName]bool{}
	for _, list := range []corev1.ResourceList{container.Resources.Limits, container.Resources.Requests} {
		for name, quantity := range list {
			if name != ours && mpijob.IsGPU(name) && !quantity.IsZero() {
				found[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}
