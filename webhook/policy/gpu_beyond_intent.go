package policy

import (
	"fmt"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// beyondIntent returns an error for GPUs that other containers request in addition to what run.ai/gpu gives
// the main container: the pod would have more than the intent says. An init container ends before the main
// container starts, and may use the GPUs that this one gets.
func beyondIntent(job *v2beta1.MPIJob, in Input) field.ErrorList {
	if in.Intent.GPU == nil || in.Intent.GPU.IsFraction() {
		return nil // wholeWithFraction looks at all containers
	}
	var errs field.ErrorList
	for _, template := range mpijob.Templates(job) {
		getsIntent := template.Role != mpijob.Launcher || mpijob.LauncherWorks(job)
		for i, container := range template.Containers() {
			path, gpus := gpusOf(container, in.Cluster.GPU.ResourceName)
			switch {
			case path == nil, getsIntent && i == 0: // ensureGPU compares the main container's
			case getsIntent && endsBefore(container.Container, i, template.Spec) && gpus <= in.Intent.GPU.Whole():
			// rule T41 in test/forgery TestT41Contradictions: GPUs of a container that the intent does not count
			case getsIntent || *in.Intent.GPU == 0:
				errs = append(errs, field.Invalid(path, gpus, fmt.Sprintf("conflicts with %s, which gives %s to the main container of each worker: "+
					"remove this field, or remove the annotation and set the limits of all containers", annotations.GPUKey, inWords(*in.Intent.GPU))))
			}
		}
	}
	return errs
}

func inWords(gpu annotations.GPU) string {
	switch gpu {
	case 0:
		return "no GPU"
	case annotations.OneGPU:
		return "1 GPU"
	}
	return gpu.String() + " GPUs"
}

// endsBefore reports whether a container, by its index in all of a pod, is an init container that is no sidecar.
func endsBefore(container *corev1.Container, index int, pod corev1.PodSpec) bool {
	restart := container.RestartPolicy
	return index >= len(pod.Containers) && (restart == nil || *restart != corev1.ContainerRestartPolicyAlways)
}

// gpusOf returns how many GPUs a container requests, with the path of the field, or nil if none.
func gpusOf(container mpijob.Container, name corev1.ResourceName) (*field.Path, int64) {
	for _, list := range []struct {
		name      string
		resources corev1.ResourceList
	}{{"limits", container.Resources.Limits}, {"requests", container.Resources.Requests}} {
		if quantity := list.resources[name]; !quantity.IsZero() {
			return container.Path().Child("resources", list.name).Key(string(name)), quantity.Value()
		}
	}
	return nil, 0
}
