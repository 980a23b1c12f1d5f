package jobs

import (
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// gpuResource is the resource of the default cluster policy. The command line cannot read the cluster's.
const gpuResource corev1.ResourceName = "nvidia.com/gpu"

// gpusPerWorker returns the GPUs that each worker requests, by the annotation or by the limit.
func (s state) gpusPerWorker() float64 {
	intent, _ := annotations.Parse(s.job.Annotations) // the webhook refuses invalid annotations
	if intent.GPU != nil {
		return float64(*intent.GPU) / float64(annotations.OneGPU)
	}
	worker, present := mpijob.TemplateOf(s.job, mpijob.Worker)
	if !present || worker.Main() == nil {
		return 0
	}
	limit := worker.Main().Resources.Limits[gpuResource]
	return limit.AsApproximateFloat64()
}

func (s state) requestedGPUs() float64 {
	return s.gpusPerWorker() * float64(mpijob.Workers(s.job))
}

// allocatedGPUs returns the GPUs of the workers that have a node and have not ended.
func (s state) allocatedGPUs() float64 {
	bound := 0
	for _, pod := range s.pods {
		ended := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
		if !isLauncher(pod) && pod.Spec.NodeName != "" && !ended {
			bound++
		}
	}
	return s.gpusPerWorker() * float64(bound)
}

// gpus returns the GPUs for the table: allocated (requested).
func (s state) gpus() string {
	allocated := "-"
	if !s.isFinished() {
		allocated = number(s.allocatedGPUs())
	}
	return allocated + " (" + number(s.requestedGPUs()) + ")"
}

func number(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }
