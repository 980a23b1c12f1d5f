package policy

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// gpuAmount is a number of GPUs, or an amount of GPU memory in MiB.
type gpuAmount struct {
	gpu annotations.GPU
	mib int64
}

func (a gpuAmount) isFraction() bool { return a.mib > 0 || a.gpu.IsFraction() }

// A gpuRequest is an amount with the path and the text of the field that requests it.
type gpuRequest struct {
	gpuAmount
	path *field.Path
	text string
	key  string // of the intent; "" for a field of the template
}

func intentRequests(intent annotations.Intent) []gpuRequest {
	switch {
	case intent.GPU != nil:
		return []gpuRequest{{gpuAmount{gpu: *intent.GPU}, annotations.Path(annotations.GPUKey), intent.GPU.String(), annotations.GPUKey}}
	case intent.GPUMemory != 0:
		amount, key := gpuAmount{mib: intent.GPUMemory.MiB()}, annotations.GPUMemoryKey
		return []gpuRequest{{amount, annotations.Path(key), intent.GPUMemory.String(), key}}
	}
	return nil
}

// resourceRequests returns the requests in the resources of a container.
func resourceRequests(container mpijob.Container, name corev1.ResourceName) (requests []gpuRequest, errs field.ErrorList) {
	for _, list := range [...]struct {
		name      string
		resources corev1.ResourceList
	}{{"limits", container.Resources.Limits}, {"requests", container.Resources.Requests}} {
		quantity, present := list.resources[name]
		if !present {
			continue
		}
		path := container.Path().Child("resources", list.name).Key(string(name))
		gpus, err := annotations.GPUOf(quantity)
		if err != nil {
			errs = append(errs, field.Invalid(path, quantity.String(), err.Error()))
			continue
		}
		requests = append(requests, gpuRequest{gpuAmount{gpu: gpus}, path, quantity.String(), ""})
	}
	return requests, errs
}

// mainContainer returns the main container with its path, or false if there is none.
func mainContainer(template mpijob.Template) (mpijob.Container, bool) {
	if template.Main() == nil {
		return mpijob.Container{}, false
	}
	return template.Containers()[0], true
}

// fractionsOfOthers returns an error for a fraction in the resources of containers other than the main one.
func fractionsOfOthers(template mpijob.Template, name corev1.ResourceName, why string) field.ErrorList {
	var errs field.ErrorList
	for i, container := range template.Containers() {
		if i == 0 && template.Main() != nil {
			continue
		}
		requests, invalid := resourceRequests(container, name)
		errs = append(errs, invalid...)
		for _, request := range requests {
			if request.isFraction() {
				errs = append(errs, field.Invalid(request.path, request.text, why))
			}
		}
	}
	return errs
}

func isFractional(quantity resource.Quantity) bool {
	gpus, err := annotations.GPUOf(quantity)
	return err == nil && gpus.IsFraction()
}
