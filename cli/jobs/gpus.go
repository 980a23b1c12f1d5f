package jobs

import (
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// gpuResource is that of the default cluster policy, which the command line cannot read.
const gpuResource corev1.ResourceName = "nvidia.com/gpu"

// gpusPerWorker is what the job asks for, by its annotation or by its manifest.
func (s state) gpusPerWorker() float64 {
	intent, _ := annotations.Parse(s.job.Annotations) // the webhook refuses what cannot be read
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

// allocatedGPUs counts the workers that a scheduler has given a node, until they end.
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

// gpus is the column of the table: allocated (requested).
func (s state) gpus() string {
	allocated := "-"
	if !s.isFinished() {
		allocated = number(s.allocatedGPUs())
	}
	return allocated + " (" + number(s.requestedGPUs()) + ")"
}

func number(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }
