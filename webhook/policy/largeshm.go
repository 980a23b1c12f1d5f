package policy

import (
	"fmt"
	"path"
	"slices"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

const (
	shmVolume = "runai-shm"
	shmPath   = "/dev/shm"
)

func asksLargeShm(_ *v2beta1.MPIJob, in Input) bool { return in.Intent.LargeShm != nil }

// largeShm mounts memory at /dev/shm of both roles: ranks exchange data there, and the launcher may
// be one. A mount of the user's own stays.
func largeShm(job *v2beta1.MPIJob, in Input) field.ErrorList {
	size, err := shmSize(in)
	if err != nil {
		return field.ErrorList{err}
	}
	var errs field.ErrorList
	for _, template := range mpijob.Templates(job) {
		if main := template.Main(); main != nil && !mountsOther(main, shmPath, shmVolume) {
			errs = append(errs, ensureShm(template, size)...)
		}
	}
	return errs
}

// shmSize is the size that was asked for or the policy's maximum, nil where only the memory limit bounds it.
func shmSize(in Input) (*resource.Quantity, *field.Error) {
	size, limit := in.Intent.LargeShm.Size, annotations.Bytes(in.Cluster.LargeShm.MaxSize)
	if limit > 0 && size > limit {
		return nil, field.Invalid(annotations.Path(annotations.LargeShmKey), size.String(),
			fmt.Sprintf("is more than this cluster allows: write at most %s", limit))
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

func ensureShm(template mpijob.Template, size *resource.Quantity) field.ErrorList {
	volume := corev1.Volume{Name: shmVolume, VolumeSource: corev1.VolumeSource{
		EmptyDir: &corev1.EmptyDirVolumeSource{Medium: corev1.StorageMediumMemory, SizeLimit: size},
	}}
	if err := ensureVolume(template, volume, annotations.LargeShmKey); err != nil {
		return field.ErrorList{err}
	}
	ensureMount(template.Main(), corev1.VolumeMount{Name: shmVolume, MountPath: shmPath})
	return nil
}

// ensureVolume appends a volume of ours, or refuses one that somebody else gave our name.
func ensureVolume(template mpijob.Template, volume corev1.Volume, asker string) *field.Error {
	i := slices.IndexFunc(template.Spec.Volumes, func(v corev1.Volume) bool { return v.Name == volume.Name })
	if i < 0 {
		template.Spec.Volumes = append(template.Spec.Volumes, volume)
		return nil
	}
	if sameEmptyDir(template.Spec.Volumes[i].EmptyDir, volume.EmptyDir) {
		return nil
	}
	return field.Invalid(template.Path.Child("spec", "volumes").Index(i).Child("name"), volume.Name,
		fmt.Sprintf("is the name of the volume that %s adds: give yours another name", asker))
}

func sameEmptyDir(a, b *corev1.EmptyDirVolumeSource) bool {
	if a == nil || a.Medium != b.Medium || (a.SizeLimit == nil) != (b.SizeLimit == nil) {
		return false
	}
	return a.SizeLimit == nil || a.SizeLimit.Cmp(*b.SizeLimit) == 0
}

func ensureMount(container *corev1.Container, mount corev1.VolumeMount) {
	same := func(m corev1.VolumeMount) bool { return m.Name == mount.Name && m.MountPath == mount.MountPath }
	if !slices.ContainsFunc(container.VolumeMounts, same) {
		container.VolumeMounts = append(container.VolumeMounts, mount)
	}
}

// mountsOther tells whether another volume than ours is mounted at the path.
func mountsOther(container *corev1.Container, mountPath, ours string) bool {
	return slices.ContainsFunc(container.VolumeMounts, func(m corev1.VolumeMount) bool {
		return path.Clean(m.MountPath) == mountPath && m.Name != ours
	})
}
