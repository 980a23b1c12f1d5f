package policy

import (
	"fmt"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// ensureVolume appends a volume of ours, or refuses one that somebody else gave our name.
func ensureVolume(template mpijob.Template, volume corev1.Volume, asker string) *field.Error {
	i := slices.IndexFunc(template.Spec.Volumes, func(v corev1.Volume) bool { return v.Name == volume.Name })
	if i < 0 {
		template.Spec.Volumes = append(template.Spec.Volumes, volume)
		return nil
	}
	if equality.Semantic.DeepEqual(template.Spec.Volumes[i].VolumeSource, volume.VolumeSource) {
		return nil
	}
	return field.Invalid(template.Path.Child("spec", "volumes").Index(i).Child("name"), volume.Name,
		fmt.Sprintf("is the name of the volume that %s adds: give yours another name", asker))
}

// ensureMount mounts a volume of ours at its place, exactly as we do: the volume's name is ours.
func ensureMount(container *corev1.Container, mount corev1.VolumeMount) {
	same := func(m corev1.VolumeMount) bool { return m.Name == mount.Name && m.MountPath == mount.MountPath }
	if i := slices.IndexFunc(container.VolumeMounts, same); i >= 0 {
		container.VolumeMounts[i] = mount
		return
	}
	container.VolumeMounts = append(container.VolumeMounts, mount)
}

// mountsOther tells whether another volume than ours is mounted at the path.
func mountsOther(container *corev1.Container, mountPath, ours string) bool {
	return slices.ContainsFunc(container.VolumeMounts, func(m corev1.VolumeMount) bool {
		return path.Clean(m.MountPath) == mountPath && m.Name != ours
	})
}

// overlapping refuses mounts of the user's own that would hide one of the paths, or lie inside one.
func overlapping(container mpijob.Container, paths []string, ours, asker string) field.ErrorList {
	var errs field.ErrorList
	for i, mount := range container.VolumeMounts {
		if mount.Name != ours && overlapsAny(path.Clean(mount.MountPath), paths) {
			errs = append(errs, field.Invalid(container.Path().Child("volumeMounts").Index(i).Child("mountPath"), mount.MountPath,
				"hides files that "+asker+" brings: mount it somewhere else"))
		}
	}
	return errs
}

// overlapsAny tells whether a path is one of the others, or above or below one.
func overlapsAny(at string, others []string) bool {
	return slices.ContainsFunc(others, func(p string) bool { return at == p || isBelow(at, p) || isBelow(p, at) })
}

func isBelow(p, dir string) bool { return strings.HasPrefix(p, strings.TrimSuffix(dir, "/")+"/") }

// ensureInitContainer appends an init container of ours, or refuses one that somebody else gave our
// name.
func ensureInitContainer(template mpijob.Template, container corev1.Container, asker string) *field.Error {
	i := slices.IndexFunc(template.Spec.InitContainers, func(c corev1.Container) bool { return c.Name == container.Name })
	if i < 0 {
		template.Spec.InitContainers = append(template.Spec.InitContainers, container)
		return nil
	}
	if equality.Semantic.DeepEqual(template.Spec.InitContainers[i], container) {
		return nil
	}
	return field.Invalid(template.Path.Child("spec", "initContainers").Index(i).Child("name"), container.Name,
		fmt.Sprintf("is the name of the init container that %s adds: give yours another name", asker))
}
