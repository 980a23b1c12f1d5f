package policy

import (
	"fmt"
	"path"
	"slices"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// warn tells what is legal in the final job, but surprising.
func warn(job *v2beta1.MPIJob, in Input) []string {
	warnings := warnGitSync(in)
	for _, template := range mpijob.Templates(job) {
		if warning := warnShm(template); warning != "" {
			warnings = append(warnings, warning)
		}
		if template.Role == mpijob.Launcher && !mpijob.LauncherWorks(job) && holdsGPU(template, in.Cluster.GPU.ResourceName) {
			warnings = append(warnings, template.Path.String()+": the launcher holds GPUs that no rank uses: leave them out, or write spec.runLauncherAsWorker: true")
		}
	}
	return warnings
}

func holdsGPU(template mpijob.Template, resource corev1.ResourceName) bool {
	return slices.ContainsFunc(template.Containers(), func(container mpijob.Container) bool {
		limit := container.Resources.Limits[resource]
		return !limit.IsZero()
	})
}

// warnShm compares with the memory limit: what is written to /dev/shm counts against it.
func warnShm(template mpijob.Template) string {
	main := template.Main()
	if main == nil {
		return ""
	}
	size, limit := mountedShm(template.Spec.Volumes, main), main.Resources.Limits.Memory()
	if size == nil || limit.IsZero() || size.Cmp(*limit) <= 0 {
		return ""
	}
	return fmt.Sprintf("%s: /dev/shm may hold %s, but counts against the memory limit of %s: a container that fills it is killed",
		template.Path, size, limit)
}

func mountedShm(volumes []corev1.Volume, container *corev1.Container) *resource.Quantity {
	for _, mount := range container.VolumeMounts {
		if path.Clean(mount.MountPath) != shmPath {
			continue
		}
		for _, volume := range volumes {
			if volume.Name == mount.Name && volume.EmptyDir != nil && volume.EmptyDir.Medium == corev1.StorageMediumMemory {
				return volume.EmptyDir.SizeLimit
			}
		}
	}
	return nil
}
