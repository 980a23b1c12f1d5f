package policy

import (
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/kai"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

const notEnabled = "fractional GPUs are not enabled on this cluster: request a whole number of GPUs"

// ensureWithoutFractions applies whole GPUs, and returns an error for each request of a fraction.
func ensureWithoutFractions(job *v2beta1.MPIJob, template mpijob.Template, in Input) field.ErrorList {
	errs := sharingAnnotations(template)
	var requests []gpuRequest
	if main, present := mainContainer(template); present {
		ofMain, invalid := resourceRequests(main, in.Cluster.GPU.ResourceName)
		requests, errs = ofMain, append(errs, invalid...)
	}
	if getsIntent(job, template) {
		requests = append(intentRequests(in.Intent), requests...)
	}
	errs = append(errs, fractionsOfOthers(template, in.Cluster.GPU.ResourceName, notEnabled)...)
	refused := false
	for _, request := range requests {
		if !request.isFraction() {
			continue
		}
		refused = true
		why := notEnabled
		if request.mib > 0 {
			why = "GPU memory cannot be requested on this cluster: use " + annotations.GPUKey + " with a whole number"
		}
		errs = append(errs, field.Invalid(request.path, request.text, why))
	}
	if refused || !getsIntent(job, template) {
		return errs
	}
	return append(errs, ensureGPU(template, requests, in.Cluster.GPU)...)
}

// sharingAnnotations returns an error for each annotation with which a template requests a part of a GPU: the
// pods would start without a GPU.
func sharingAnnotations(template mpijob.Template) field.ErrorList {
	var errs field.ErrorList
	for _, key := range template.AnnotationsWith(kai.IsRequest) {
		errs = append(errs, field.Invalid(template.Path.Child("metadata", "annotations").Key(key), template.Annotations[key],
			"fractional GPUs are not enabled on this cluster: remove it, and request a whole number of GPUs with "+annotations.GPUKey))
	}
	return errs
}
