package policy

import (
	"fmt"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/shared/paths"
)

const (
	shmVolume = "runai-shm"
	shmPath   = "/dev/shm"
)

// largeShm mounts memory at /dev/shm of both roles, because the launcher may run ranks, too. A mount of
// the user's own stays.
var largeShm = Policy{
	Name: "large-shm",
	Doc: Doc{
		Does: "Mounts memory at /dev/shm. Its maximum is the size that the job requests, else `largeShm.maxSize`, else the pod's memory limit. " +
			"A larger size than `largeShm.maxSize` is refused. A mount of the user's own at /dev/shm stays. " +
			"Warns if /dev/shm exceeds the container's memory limit, against which it counts.",
		Applies: "To a job with `" + annotations.LargeShmKey + "`, unless it is `\"false\"`.",
		Reads:   []string{annotations.LargeShmKey, "largeShm.maxSize"},
	},
	AppliesTo: func(_ *v2beta1.MPIJob, in Input) bool { return in.Intent.LargeShm != nil },
	Ensure:    ensureLargeShm,
	Warn:      warnShm,
	Owns: func(*v2beta1.MPIJob, Input) Ownership {
		return Ownership{Volumes: []string{shmVolume}, Mounts: []string{shmPath}}
	},
}

func ensureLargeShm(job *v2beta1.MPIJob, in Input) field.ErrorList {
	size, err := shmSize(in)
	if err != nil {
		return field.ErrorList{err}
	}
	var errs field.ErrorList
	for _, template := range mpijob.Templates(job) {
		if main := template.Main(); main != nil && !mountsOther(main, shmPath, shmVolume) {
			errs = append(errs, ensureShm(template, in, size)...)
		}
	}
	return errs
}

// shmSize returns the requested size, else the cluster policy's maximum, else nil: then only the memory
// limit bounds it.
func shmSize(in Input) (*resource.Quantity, *field.Error) {
	size, limit := in.Intent.LargeShm.Size, annotations.Bytes(in.Cluster.LargeShm.MaxSize)
	if limit > 0 && size > limit {
		return nil, field.Invalid(annotations.Path(annotations.LargeShmKey), size.String(),
			fmt.Sprintf("must be at most %s on this cluster", limit))
	}
	if size == 0 {
		size = limit
	}
	if size == 0 {
		return nil, nil
	}
	quantity := size.Quantity()
	return &quantity, nil
}

func ensureShm(template mpijob.Template, in Input, size *resource.Quantity) field.ErrorList {
	volume := corev1.Volume{Name: shmVolume, VolumeSource: corev1.VolumeSource{
		EmptyDir: &corev1.EmptyDirVolumeSource{Medium: corev1.StorageMediumMemory, SizeLimit: size},
	}}
	if err := ensureVolume(template, in, volume, annotations.LargeShmKey); err != nil {
		return field.ErrorList{err}
	}
	errs := ensureWritable(template, shmPath, annotations.LargeShmKey, "remove the annotation")
	ensureMount(template.Main(), corev1.VolumeMount{Name: shmVolume, MountPath: shmPath})
	return errs
}

// warnShm warns if /dev/shm exceeds the memory limit, against which its contents count.
func warnShm(job *v2beta1.MPIJob, in Input) []string {
	setting := "its sizeLimit"
	if in.Intent.LargeShm != nil {
		setting = annotations.LargeShmKey
	}
	var warnings []string
	for _, template := range mpijob.Templates(job) {
		main := template.Main()
		if main == nil {
			continue
		}
		size, limit := mountedShm(template.Spec.Volumes, main), main.Resources.Limits.Memory()
		if size != nil && !limit.IsZero() && size.Cmp(*limit) > 0 {
			warnings = append(warnings, fmt.Sprintf(
				"%s: /dev/shm (%s) exceeds the memory limit (%s), and a container that fills it is killed: raise the memory limit or lower %s",
				template.Path, size, limit, setting))
		}
	}
	return warnings
}

func mountedShm(volumes []corev1.Volume, container *corev1.Container) *resource.Quantity {
	for _, mount := range container.VolumeMounts {
		if paths.Absolute(mount.MountPath) != shmPath {
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
