package policy

import (
	"cmp"
	"slices"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/kai"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// gpu gives each worker its GPUs: whole GPUs as a limit, a fraction as annotations of the fraction
// backend. A launcher that runs ranks gets the same, any other launcher no fraction.
var gpu = Policy{
	Name: "gpu",
	Doc: Doc{
		Does: "Gives each worker its GPUs. A whole number becomes a limit of the main container. A fraction or an amount of GPU memory becomes " +
			"annotations of the cluster's fraction backend. The launcher gets the same if `runLauncherAsWorker` is set. " +
			"What the backend's own admission would refuse is refused, and so are GPUs of another kind together with the intent. " +
			"On a cluster without a fraction backend, a fraction is refused however it is requested.",
		Applies: "To a job with `" + annotations.GPUKey + "` or `" + annotations.GPUMemoryKey + "`, and to a job that requests a fraction " +
			"in its resources or in the annotations of its pod templates.",
		Reads: []string{annotations.GPUKey, annotations.GPUMemoryKey, annotations.GPUDevicesKey, "gpu.fractions", "gpu.resourceName"},
	},
	AppliesTo: requestsGPU,
	Ensure:    ensureGPUs,
	Warn:      warnGPUs,
	Owns: func(_ *v2beta1.MPIJob, in Input) Ownership {
		resources, name := "template.spec.containers[0].resources.", "["+string(in.Cluster.GPU.ResourceName)+"]"
		return Ownership{
			// rule T36 in test/forgery TestT36GPUsOfAStoredJob: to give a stored job more GPUs
			Annotations: kai.Annotations(), // some are not written, but no update may add one
			Fields:      []string{resources + "limits" + name, resources + "requests" + name},
		}
	},
	Undo: undoGPUs,
}

// requestsGPU reports whether the intent requests GPUs, or the manifest a fraction of one. Whole GPUs in a
// manifest need no change.
func requestsGPU(job *v2beta1.MPIJob, in Input) bool {
	if in.Intent.GPU != nil || in.Intent.GPUMemory != 0 {
		return true
	}
	return slices.ContainsFunc(mpijob.Templates(job), func(template mpijob.Template) bool {
		for key, value := range template.Annotations {
			if kai.IsRequest(key, value) {
				return true
			}
		}
		return slices.ContainsFunc(template.Containers(), func(container mpijob.Container) bool {
			requests, errs := resourceRequests(container, in.Cluster.GPU.ResourceName)
			return len(errs) > 0 || slices.ContainsFunc(requests, func(r gpuRequest) bool { return r.isFraction() })
		})
	})
}

func ensureGPUs(job *v2beta1.MPIJob, in Input) field.ErrorList {
	var errs field.ErrorList
	for _, template := range mpijob.Templates(job) {
		if in.Cluster.GPU.Fractions == config.FractionsKAI {
			errs = append(errs, ensureWithKAI(job, template, in)...)
		} else {
			errs = append(errs, ensureWithoutFractions(job, template, in)...)
		}
	}
	errs = append(errs, newIn(beyondIntent(job, in), errs)...)
	return append(errs, otherGPUs(job, in)...)
}

// newIn returns the errors for fields that have no error yet, so that each cause has one line.
func newIn(errs, known field.ErrorList) field.ErrorList {
	return slices.DeleteFunc(errs, func(err *field.Error) bool {
		return slices.ContainsFunc(known, func(other *field.Error) bool { return other.Field == err.Field })
	})
}

// getsIntent reports whether the pods of a template get what the intent requests.
func getsIntent(job *v2beta1.MPIJob, template mpijob.Template) bool {
	return template.Role != mpijob.Launcher || mpijob.LauncherWorks(job)
}

// ensureWithKAI applies what is requested for a template, and returns an error for what KAI would refuse.
func ensureWithKAI(job *v2beta1.MPIJob, template mpijob.Template, in Input) field.ErrorList {
	requests, errs := kaiRequests(template)
	if main, present := mainContainer(template); present {
		ofMain, invalid := resourceRequests(main, in.Cluster.GPU.ResourceName)
		requests, errs = append(requests, ofMain...), append(errs, invalid...)
	}
	if getsIntent(job, template) {
		requests = append(intentRequests(in.Intent), requests...)
		errs = append(errs, ensureDevices(template, in.Intent)...)
		errs = append(errs, ensureGPU(template, requests, in.Cluster.GPU)...)
	} else {
		errs = append(errs, idleLauncher(requests)...)
	}
	errs = append(errs, fractionsOfOthers(template, in.Cluster.GPU.ResourceName, "must be a whole number: only the main container can have a fraction of a GPU")...)
	isFraction := slices.ContainsFunc(requests, func(r gpuRequest) bool { return r.isFraction() })
	return append(errs, refusedByKAI(template, isFraction, in.Cluster.GPU.ResourceName, errs)...)
}

// idleLauncher returns an error for a fraction of a GPU on a launcher that runs no ranks. Whole GPUs are
// legal there.
func idleLauncher(requests []gpuRequest) field.ErrorList {
	var errs field.ErrorList
	for _, request := range requests {
		if request.isFraction() {
			errs = append(errs, field.Forbidden(request.path,
				"a launcher that runs no ranks cannot have a fraction of a GPU: remove it, or set spec.runLauncherAsWorker to true"))
		}
	}
	return errs
}

// ensureGPU applies the first request, and returns an error for each other request that differs from it.
func ensureGPU(template mpijob.Template, requests []gpuRequest, cluster config.GPU) field.ErrorList {
	main := template.Main()
	if main == nil || len(requests) == 0 {
		return nil
	}
	first := requests[0]
	var errs field.ErrorList
	for _, other := range requests[1:] {
		switch {
		case other.gpuAmount == first.gpuAmount:
		case first.isFraction() || other.isFraction(): // the two fields have different units
			errs = append(errs, field.Invalid(other.path, other.text,
				"conflicts with "+sets(cmp.Or(first.key, first.path.String()))+" "+first.text+": remove this field"))
		default:
			errs = append(errs, conflicts(other.path, other.text, sets(cmp.Or(first.key, first.path.String())), first.text))
		}
	}
	switch {
	case len(errs) > 0:
	case first.isFraction():
		annotateForKAI(template, first.gpuAmount)
		delete(main.Resources.Limits, cluster.ResourceName)
		delete(main.Resources.Requests, cluster.ResourceName)
	case first.gpu > 0:
		limitGPU(main, cluster.ResourceName, first.gpu)
	}
	return errs
}

func limitGPU(container *corev1.Container, name corev1.ResourceName, gpus annotations.GPU) {
	if _, present := container.Resources.Limits[name]; present {
		return // the same number, otherwise ensureGPU returns an error
	}
	if container.Resources.Limits == nil {
		container.Resources.Limits = corev1.ResourceList{}
	}
	container.Resources.Limits[name] = *resource.NewQuantity(gpus.Whole(), resource.DecimalSI)
}
