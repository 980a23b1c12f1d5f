package policy

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/shared/paths"
)

// targetOf returns where the repository's contents are mounted. The contract and the cluster policy accept
// no directory that the container itself needs.
func targetOf(in Input) string {
	if sync := in.Intent.GitSync; sync != nil && sync.Target != "" {
		return sync.Target
	}
	return in.Cluster.GitSync.DefaultTarget
}

// validateTarget returns an error for a path at which another policy or the operator mounts something: one of
// the two would be hidden.
func validateTarget(job *v2beta1.MPIJob, in Input) *field.Error {
	target, others := targetOf(in), in.othersOwn(job, gitSyncName)
	keys := paths.Absolute(job.Spec.SSHAuthMountPath)
	switch {
	case target == shmPath, slices.Contains(others.Mounts, target):
	case paths.Overlaps(target, append(others.Trees, codeDir, credentialDir)):
	case keys != "/" && (target == keys || paths.IsBelow(target, keys)):
	default:
		return nil
	}
	return field.Invalid(annotations.Path(annotations.GitSyncKey), target,
		"conflicts with a directory that the job already uses: set target= to another one, for example /code")
}

// belowReadOnly returns an error for a target inside of a read-only mount, in which the container runtime
// cannot make a directory.
func belowReadOnly(template mpijob.Template, target string) *field.Error {
	var around corev1.VolumeMount // the innermost mount around the target
	at := ""
	for _, mount := range template.Main().VolumeMounts {
		if own := paths.Absolute(mount.MountPath); paths.IsBelow(target, own) && len(own) > len(at) {
			around, at = mount, own
		}
	}
	// rule T41 in test/forgery TestT41Contradictions: code below a read-only mount
	if at != "" && isReadOnly(around, template.Spec.Volumes) {
		return field.Invalid(annotations.Path(annotations.GitSyncKey), target,
			fmt.Sprintf("is below the read-only mount %s of the %s: set target= to another directory, for example /code", at, template.Role))
	}
	return nil
}

func isReadOnly(mount corev1.VolumeMount, volumes []corev1.Volume) bool {
	return mount.ReadOnly || slices.ContainsFunc(volumes, func(volume corev1.Volume) bool {
		return volume.Name == mount.Name && isAlwaysReadOnly(volume.VolumeSource)
	})
}

// isAlwaysReadOnly reports whether containers cannot write to a volume, whatever its mount says: files that the
// kubelet writes, images, and sources that say readOnly.
func isAlwaysReadOnly(source corev1.VolumeSource) bool {
	if source.ConfigMap != nil || source.Secret != nil || source.DownwardAPI != nil || source.Projected != nil || source.Image != nil {
		return true
	}
	kinds := reflect.ValueOf(source)
	for i := range kinds.NumField() {
		kind := kinds.Field(i)
		if kind.IsNil() {
			continue
		}
		switch readOnly := kind.Elem().FieldByName("ReadOnly"); {
		case !readOnly.IsValid():
		case readOnly.Kind() == reflect.Bool:
			return readOnly.Bool()
		case readOnly.Kind() == reflect.Pointer && !readOnly.IsNil():
			return readOnly.Elem().Bool()
		}
	}
	return false
}
