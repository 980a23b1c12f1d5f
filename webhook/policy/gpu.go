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

// asksGPU is true for an annotation, and for what a plain manifest says about a share of a GPU.
// Whole GPUs in a manifest are complete as they are.
func asksGPU(job *v2beta1.MPIJob, in Input) bool {
	if in.Intent.GPU != nil || in.Intent.GPUMemory != 0 {
		return true
	}
	return slices.ContainsFunc(mpijob.Templates(job), func(template mpijob.Template) bool {
		asks, errs := templateAsks(template, in.Cluster.GPU)
		return len(errs) > 0 || slices.ContainsFunc(asks, func(a gpuAsk) bool { return a.isFraction() })
	})
}

// gpu gives each worker its GPUs: a limit for whole ones, the annotations of the fraction backend for
// a share. The launcher gets the same where it works too, and no share otherwise.
func gpu(job *v2beta1.MPIJob, in Input) field.ErrorList {
	var errs field.ErrorList
	for _, template := range mpijob.Templates(job) {
		asks, invalid := templateAsks(template, in.Cluster.GPU)
		errs = append(errs, invalid...)
		if template.Role == mpijob.Launcher && !mpijob.LauncherWorks(job) {
			errs = append(errs, idleLauncher(asks)...)
			continue
		}
		errs = append(errs, ensureGPU(template, append(intentAsks(in.Intent), asks...), in.Cluster.GPU)...)
	}
	return append(errs, wholeBesideShare(job, in.Cluster.GPU)...)
}

// idleLauncher refuses a share of a GPU for a launcher that only waits; whole ones are legal there.
func idleLauncher(asks []gpuAsk) field.ErrorList {
	var errs field.ErrorList
	for _, ask := range asks {
		if ask.isFraction() {
			errs = append(errs, field.Forbidden(ask.path,
				"the launcher gets no share of a GPU unless it works: write spec.runLauncherAsWorker: true, or leave this out"))
		}
	}
	return errs
}

// ensureGPU does what the first ask says; the others must say the same.
func ensureGPU(template mpijob.Template, asks []gpuAsk, cluster config.GPU) field.ErrorList {
	main := template.Main()
	if main == nil || len(asks) == 0 {
		return nil
	}
	first := asks[0]
	var errs field.ErrorList
	for _, other := range asks[1:] {
		if other.gpuShare != first.gpuShare {
			errs = append(errs, contradicts(other.path, other.text, first.path.String(), first.text))
		}
	}
	switch {
	case len(errs) > 0:
	case first.isFraction() && cluster.Fractions == config.FractionsNone:
		errs = append(errs, field.Invalid(first.path, first.text, "is a share of a GPU, and this cluster shares none: write a whole number of GPUs"))
	case first.isFraction():
		shareGPU(template, first.gpuShare)
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

// wholeBesideShare refuses whole GPUs anywhere in a job that shares one: the scheduler gives a pod one
// or the other.
func wholeBesideShare(job *v2beta1.MPIJob, cluster config.GPU) field.ErrorList {
	if cluster.Fractions != config.FractionsKAI || !slices.ContainsFunc(mpijob.Templates(job), sharesGPU) {
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

func sharesGPU(template mpijob.Template) bool {
	return template.Annotations[kaiFraction] != "" || template.Annotations[kaiMemory] != ""
}
