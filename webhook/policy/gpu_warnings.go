package policy

import (
	"slices"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/kai"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// warnGPUs warns about GPUs that nothing uses, and about requests that nothing reads.
func warnGPUs(job *v2beta1.MPIJob, in Input) []string {
	return slices.Concat(warnIdleGPU(job, in), warnUnread(job))
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

// warnUnread warns about annotations of the scheduler on the job, which it reads only on pods.
func warnUnread(job *v2beta1.MPIJob) []string {
	var warnings []string
	for key, value := range job.Annotations {
		if kai.IsRequest(key, value) {
			warnings = append(warnings, annotations.Path(key).String()+": has no effect here, because the scheduler reads it only on pods: use "+
				annotations.GPUKey+" or "+annotations.GPUMemoryKey)
		}
	}
	slices.Sort(warnings)
	return warnings
}
