package policy

import (
	"fmt"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// The functions of this file set what is missing, accept what is there already, and refuse what is
// there and differs. An asker is what wants the value: an annotation of the user's, or the policy.

// contradicts refuses a field of the user's that differs from what the asker wants.
func contradicts(path *field.Path, value any, asker, wanted string) *field.Error {
	return field.Invalid(path, value, fmt.Sprintf("contradicts %s, which asks for %s: write the same, or leave this out", asker, wanted))
}

func ensureValue[T comparable](value *T, want T, path *field.Path, asker string) field.ErrorList {
	var empty T
	switch *value {
	case empty:
		*value = want
	case want:
	default:
		return field.ErrorList{contradicts(path, *value, asker, fmt.Sprint(want))}
	}
	return nil
}

func ensurePointer[T comparable](value **T, want T, path *field.Path, asker string) field.ErrorList {
	if *value == nil {
		*value = &want
		return nil
	}
	return ensureAgrees(*value, want, path, asker)
}

// ensureAgrees leaves a pointer that is nil as it is: the field then inherits its value.
func ensureAgrees[T comparable](value *T, want T, path *field.Path, asker string) field.ErrorList {
	if value == nil || *value == want {
		return nil
	}
	return field.ErrorList{contradicts(path, *value, asker, fmt.Sprint(want))}
}

func ensureLabel(meta *metav1.ObjectMeta, path *field.Path, key, want, asker string) field.ErrorList {
	value, present := meta.Labels[key]
	if present && value != want {
		return field.ErrorList{contradicts(path.Child("labels").Key(key), value, asker, want)}
	}
	if !present {
		metav1.SetMetaDataLabel(meta, key, want)
	}
	return nil
}

func ensureEnv(container *corev1.Container, variable corev1.EnvVar, path *field.Path, asker string) field.ErrorList {
	i := indexOfEnv(container, variable.Name)
	if i < 0 {
		container.Env = append(container.Env, variable)
		return nil
	}
	if container.Env[i].Value == variable.Value && container.Env[i].ValueFrom == nil {
		return nil
	}
	return field.ErrorList{contradicts(path.Child("env").Index(i), variable.Name+"="+container.Env[i].Value, asker, variable.Name+"="+variable.Value)}
}

// defaultEnv leaves a variable of the user's as it is.
func defaultEnv(container *corev1.Container, variable corev1.EnvVar) {
	if indexOfEnv(container, variable.Name) < 0 {
		container.Env = append(container.Env, variable)
	}
}

func indexOfEnv(container *corev1.Container, name string) int {
	return slices.IndexFunc(container.Env, func(v corev1.EnvVar) bool { return v.Name == name })
}

// ensureVolume appends a volume of ours, or refuses one of the user's that has our name.
func ensureVolume(template mpijob.Template, volume corev1.Volume, asker string) *field.Error {
	i := slices.IndexFunc(template.Spec.Volumes, func(v corev1.Volume) bool { return v.Name == volume.Name })
	if i < 0 {
		template.Spec.Volumes = append(template.Spec.Volumes, volume)
		return nil
	}
	if equality.Semantic.DeepEqual(template.Spec.Volumes[i].VolumeSource, volume.VolumeSource) {
		return nil
	}
	return nameTaken(template.Path.Child("spec", "volumes").Index(i).Child("name"), "volume", volume.Name, asker)
}

// ensureInitContainer appends an init container of ours, or refuses one of the user's that has our name.
func ensureInitContainer(template mpijob.Template, container corev1.Container, asker string) *field.Error {
	i := slices.IndexFunc(template.Spec.InitContainers, func(c corev1.Container) bool { return c.Name == container.Name })
	if i < 0 {
		template.Spec.InitContainers = append(template.Spec.InitContainers, container)
		return nil
	}
	if equality.Semantic.DeepEqual(template.Spec.InitContainers[i], container) {
		return nil
	}
	return nameTaken(template.Path.Child("spec", "initContainers").Index(i).Child("name"), "init container", container.Name, asker)
}

func nameTaken(path *field.Path, kind, name, asker string) *field.Error {
	return field.Invalid(path, name, fmt.Sprintf("is the name of the %s that %s adds: give yours another name", kind, asker))
}

// ensureMount mounts a volume of ours at its path, exactly as given: the volume's name is ours.
func ensureMount(container *corev1.Container, mount corev1.VolumeMount) {
	same := func(m corev1.VolumeMount) bool { return m.Name == mount.Name && m.MountPath == mount.MountPath }
	if i := slices.IndexFunc(container.VolumeMounts, same); i >= 0 {
		container.VolumeMounts[i] = mount
		return
	}
	container.VolumeMounts = append(container.VolumeMounts, mount)
}

// ensureTrees refuses mounts of the user's that would hide one of the paths, or lie inside one.
func ensureTrees(container mpijob.Container, trees []string, volume, asker string) field.ErrorList {
	var errs field.ErrorList
	for i, mount := range container.VolumeMounts {
		if mount.Name != volume && overlapsAny(path.Clean(mount.MountPath), trees) {
			errs = append(errs, field.Invalid(container.Path().Child("volumeMounts").Index(i).Child("mountPath"), mount.MountPath,
				"hides files that "+asker+" brings: mount it somewhere else"))
		}
	}
	return errs
}

// mountsOther reports whether another volume than the given one is mounted at the path.
func mountsOther(container *corev1.Container, mountPath, volume string) bool {
	return slices.ContainsFunc(container.VolumeMounts, func(m corev1.VolumeMount) bool {
		return path.Clean(m.MountPath) == mountPath && m.Name != volume
	})
}

// overlapsAny reports whether a path is one of the trees, or above or below one.
func overlapsAny(at string, trees []string) bool {
	return slices.ContainsFunc(trees, func(tree string) bool { return at == tree || isBelow(at, tree) || isBelow(tree, at) })
}

func isBelow(p, dir string) bool { return strings.HasPrefix(p, strings.TrimSuffix(dir, "/")+"/") }
