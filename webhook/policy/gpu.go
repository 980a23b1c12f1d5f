package policy

import (
	"slices"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// gpu gives each worker its GPUs: a limit for whole ones, the annotations of the fraction backend for
// a fraction. The launcher gets the same where it works too, and no fraction otherwise.
var gpu = Policy{
	Name: "gpu",
	Doc: Doc{
		Does: "Gives each worker its GPUs: a whole number becomes a limit of the main container; a fraction, or an amount of GPU memory, becomes " +
			"the annotations of the cluster's fraction backend. The launcher gets the same if `runLauncherAsWorker` is set. " +
			"A fraction is refused on a cluster without a backend.",
		Applies: "To a job that asks for GPUs by annotation, and to a manifest that asks for a fraction of one in its resources or by the backend's annotations.",
		Reads:   []string{annotations.GPUKey, annotations.GPUMemoryKey, "gpu.fractions", "gpu.resourceName"},
	},
	AppliesTo: requestsGPU,
	Ensure:    ensureGPUs,
	Warn:      warnIdleGPU,
	Owns: func(_ *v2beta1.MPIJob, in Input) Ownership {
		resources, name := "template.spec.containers[0].resources.", "["+string(in.Cluster.GPU.ResourceName)+"]"
		return Ownership{
			Annotations: []string{kaiFraction, kaiMemory},
			Fields:      []string{resources + "limits" + name, resources + "requests" + name},
		}
	},
}

// requestsGPU reports whether an annotation asks for GPUs, or a plain manifest for a fraction of one.
// Whole GPUs in a manifest are complete as they are.
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
	return append(errs, wholeWithFraction(job, in.Cluster.GPU)...)
}

// idleLauncher refuses a fraction of a GPU for a launcher that only waits; whole ones are legal there.
func idleLauncher(requests []gpuRequest) field.ErrorList {
	var errs field.ErrorList
	for _, request := range requests {
		if request.isFraction() {
			errs = append(errs, field.Forbidden(request.path,
				"the launcher gets no share of a GPU unless it works: write spec.runLauncherAsWorker: true, or leave this out"))
		}
	}
	return errs
}

// ensureGPU does what the first request says; the others must say the same.
func ensureGPU(template mpijob.Template, requests []gpuRequest, cluster config.GPU) field.ErrorList {
	main := template.Main()
	if main == nil || len(requests) == 0 {
		return nil
	}
	first := requests[0]
	var errs field.ErrorList
	for _, other := range requests[1:] {
		if other.gpuAmount != first.gpuAmount {
			errs = append(errs, contradicts(other.path, other.text, first.path.String(), first.text))
		}
	}
	switch {
	case len(errs) > 0:
	case first.isFraction() && cluster.Fractions == config.FractionsNone:
		errs = append(errs, field.Invalid(first.path, first.text, "is a share of a GPU, and this cluster shares none: write a whole number of GPUs"))
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
		return // the same number, or it would have contradicted
	}
	if container.Resources.Limits == nil {
		container.Resources.Limits = corev1.ResourceList{}
	}
	container.Resources.Limits[name] = *resource.NewQuantity(gpus.Whole(), resource.DecimalSI)
}

// wholeWithFraction refuses whole GPUs anywhere in a job that has a fraction of one: the scheduler gives
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
					limit.String(), "cannot stand in a job that shares a GPU: leave it out"))
			}
		}
	}
	return errs
}

func hasFraction(template mpijob.Template) bool {
	return template.Annotations[kaiFraction] != "" || template.Annotations[kaiMemory] != ""
}

// warnIdleGPU warns of GPUs that no rank uses.
func warnIdleGPU(job *v2beta1.MPIJob, in Input) []string {
	launcher, present := mpijob.TemplateOf(job, mpijob.Launcher)
	if !present || mpijob.LauncherWorks(job) || !slices.ContainsFunc(launcher.Containers(), func(container mpijob.Container) bool {
		limit := container.Resources.Limits[in.Cluster.GPU.ResourceName]
		return !limit.IsZero()
	}) {
		return nil
	}
	return []string{launcher.Path.String() + ": the launcher holds GPUs that no rank uses: leave them out, or write spec.runLauncherAsWorker: true"}
}
