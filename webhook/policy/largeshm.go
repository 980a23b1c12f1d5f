package policy

import (
	"fmt"

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
