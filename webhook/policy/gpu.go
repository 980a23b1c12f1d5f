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
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// gpu gives each worker its GPUs: whole GPUs as a limit, a fraction as annotations of the fraction
// backend. A launcher that runs ranks gets the same, any other launcher no fraction.
var gpu = Policy{
	Name: "gpu",
	Doc: Doc{
		Does: "Gives each worker its GPUs. A whole number becomes a limit of the main container. A fraction or an amount of GPU memory becomes " +
			"annotations of the cluster's fraction backend. The launcher gets the same if `runLauncherAsWorker` is set. " +
			"A fraction is refused on a cluster without a fraction backend.",
		Applies: "To a job with `" + annotations.GPUKey + "` or `" + annotations.GPUMemoryKey + "`, and to a job that requests a fraction " +
			"in its resources or in the backend's annotations.",
		Reads: []string{annotations.GPUKey, annotations.GPUMemoryKey, "gpu.fractions", "gpu.resourceName"},
	},
	AppliesTo: requestsGPU,
	Ensure:    ensureGPUs,
	Warn:      warnIdleGPU,
	Owns: func(_ *v2beta1.MPIJob, in Input) Ownership {
		resources, name := "template.spec.containers[0].resources.", "["+string(in.Cluster.GPU.ResourceName)+"]"
		return Ownership{
			// rule T36 in test/forgery TestT36GPUsOfAStoredJob: to give a stored job more GPUs
			Annotations: []string{kaiFraction, kaiMemory, "gpu-fraction-*", "mps"}, // some are not written, but no update may add one
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
		requests, errs := templateRequests(template, in.Cluster.GPU)
		return len(errs) > 0 || slices.ContainsFunc(requests, func(r gpuRequest) bool { return r.isFraction() })
	})
}

func ensureGPUs(job *v2beta1.MPIJob, in Input) field.ErrorList {
	var errs field.ErrorList
	for _, template := range mpijob.Templates(job) {
		requests, invalid := templateRequests(template, in.Cluster.GPU)
		errs = append(errs, invalid...)
		if template.Role == mpijob.Launcher && !mpijob.LauncherWorks(job) {
			errs = append(errs, idleLauncher(requests)...)
			continue
		}
		errs = append(errs, ensureGPU(template, append(intentRequests(in.Intent), requests...), in.Cluster.GPU)...)
	}
	errs = append(errs, beyondIntent(job, in)...)
	return append(errs, wholeWithFraction(job, in.Cluster.GPU)...)
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
	case first.mib > 0 && cluster.Fractions == config.FractionsNone:
		errs = append(errs, field.Invalid(first.path, first.text,
			"GPU memory cannot be requested on this cluster: use "+annotations.GPUKey+" with a whole number"))
	case first.isFraction() && cluster.Fractions == config.FractionsNone:
		errs = append(errs, field.Invalid(first.path, first.text, "fractional GPUs are not enabled on this cluster: request a whole number of GPUs"))
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

// wholeWithFraction returns an error for whole GPUs anywhere in a job with a fraction: the scheduler gives
// a pod one or the other.
func wholeWithFraction(job *v2beta1.MPIJob, cluster config.GPU) field.ErrorList {
	if cluster.Fractions != config.FractionsKAI || !slices.ContainsFunc(mpijob.Templates(job), hasFraction) {
		return nil
	}
	var errs field.ErrorList
	for _, template := range mpijob.Templates(job) {
		for _, container := range template.Containers() {
			if limit, present := container.Resources.Limits[cluster.ResourceName]; present && !limit.IsZero() {
				errs = append(errs, field.Invalid(container.Path().Child("resources", "limits").Key(string(cluster.ResourceName)),
					limit.String(), "cannot be used with a fraction of a GPU in the same job: remove it"))
			}
		}
	}
	return errs
}

func hasFraction(template mpijob.Template) bool {
	return template.Annotations[kaiFraction] != "" || template.Annotations[kaiMemory] != ""
}

// warnIdleGPU warns about GPUs on a launcher that runs no ranks.
func warnIdleGPU(job *v2beta1.MPIJob, in Input) []string {
	launcher, present := mpijob.TemplateOf(job, mpijob.Launcher)
	if !present || mpijob.LauncherWorks(job) || !slices.ContainsFunc(launcher.Containers(), func(container mpijob.Container) bool {
		limit := container.Resources.Limits[in.Cluster.GPU.ResourceName]
		return !limit.IsZero()
	}) {
		return nil
	}
	return []string{launcher.Path.String() + ": the launcher requests GPUs but runs no ranks: remove the GPUs, or set spec.runLauncherAsWorker to true"}
}
