package policy

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/config"
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

// templateRequests returns the requests in a template's own backend annotations and in the resources of its
// main container.
func templateRequests(template mpijob.Template, cluster config.GPU) (requests []gpuRequest, errs field.ErrorList) {
	if cluster.Fractions == config.FractionsKAI {
		requests, errs = kaiRequests(template)
	}
	main := template.Main()
	if main == nil {
		return requests, errs
	}
	for _, list := range []struct {
		name      string
		resources corev1.ResourceList
	}{{"limits", main.Resources.Limits}, {"requests", main.Resources.Requests}} {
		quantity, present := list.resources[cluster.ResourceName]
		if !present {
			continue
		}
		path := template.MainPath().Child("resources", list.name).Key(string(cluster.ResourceName))
		gpus, err := annotations.GPUOf(quantity)
		if err != nil {
			errs = append(errs, field.Invalid(path, quantity.String(), err.Error()))
			continue
		}
		requests = append(requests, gpuRequest{gpuAmount{gpu: gpus}, path, quantity.String(), ""})
	}
	return requests, errs
}
