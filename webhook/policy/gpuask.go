package policy

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// gpuShare is an amount of GPU: a number of them, or an amount of the memory of one.
type gpuShare struct {
	gpu annotations.GPU
	mib int64
}

func (s gpuShare) isFraction() bool { return s.mib > 0 || s.gpu.IsFraction() }

// A gpuAsk is a share, and where somebody wrote it.
type gpuAsk struct {
	gpuShare
	path *field.Path
	text string
}

func intentAsks(intent annotations.Intent) []gpuAsk {
	switch {
	case intent.GPU != nil:
		return []gpuAsk{{gpuShare{gpu: *intent.GPU}, annotations.Path(annotations.GPUKey), intent.GPU.String()}}
	case intent.GPUMemory != 0:
		return []gpuAsk{{gpuShare{mib: intent.GPUMemory.MiB()}, annotations.Path(annotations.GPUMemoryKey), intent.GPUMemory.String()}}
	}
	return nil
}

// templateAsks reads what the template itself says, in the backend's annotations and in the main
// container's resources.
func templateAsks(template mpijob.Template, cluster config.GPU) (asks []gpuAsk, errs field.ErrorList) {
	if cluster.Fractions == config.FractionsKAI {
		asks, errs = kaiAsks(template)
	}
	main := template.Main()
	if main == nil {
		return asks, errs
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
		asks = append(asks, gpuAsk{gpuShare{gpu: gpus}, path, quantity.String()})
	}
	return asks, errs
}
