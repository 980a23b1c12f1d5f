package policy

import (
	"fmt"
	"reflect"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/shared/paths"
	"github.com/runai-mpi/runai-mpi/webhook/patch"
)

// The functions of this file set a missing value, accept an equal one, and return an error for one that
// differs. The parameter asker names what requests the value: an annotation, the project or the cluster
// policy.

// conflicts returns the error for a field of the user's that differs from the wanted value. The source of
// this value ends with a verb: "run.ai/gpu, which sets".
func conflicts(path *field.Path, value any, source, wanted string) *field.Error {
	return field.Invalid(path, value, fmt.Sprintf("conflicts with %s %s: remove this field or set it to %s", source, wanted, wanted))
}

func sets(asker string) string { return asker + ", which sets" }

// shown returns a value as a manifest has it: texts in quotes.
func shown(value any) string {
	if reflect.ValueOf(value).Kind() == reflect.String {
		return fmt.Sprintf("%q", value)
	}
	return fmt.Sprint(value)
}

func ensureValue[T comparable](value *T, want T, path *field.Path, asker string) field.ErrorList {
	var empty T
	switch *value {
	case empty:
		*value = want
	case want:
	default:
		return field.ErrorList{conflicts(path, *value, sets(asker), shown(want))}
	}
	return nil
}

// A pathTo returns the path of a field for an error, so that none is built for the many fields without one.
type pathTo func(name string) *field.Path

func ensurePointer[T comparable](value **T, want T, path pathTo, name, asker string) field.ErrorList {
	if *value == nil {
		set := want // a copy, so that a value that is set already costs no memory
		*value = &set
		return nil
	}
	return ensureAgrees(*value, want, path, name, asker)
}

// ensureAgrees accepts nil, because the field then inherits its value.
func ensureAgrees[T comparable](value *T, want T, path pathTo, name, asker string) field.ErrorList {
	if value == nil || *value == want {
		return nil
	}
	return field.ErrorList{conflicts(path(name), *value, sets(asker), shown(want))}
}

func ensureLabel(meta *metav1.ObjectMeta, path *field.Path, key, want, source string) field.ErrorList {
	value, present := meta.Labels[key]
	if present && value != want {
		return field.ErrorList{conflicts(path.Child("labels").Key(key), value, source, shown(want))}
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
	return field.ErrorList{conflicts(path.Child("env").Index(i), variable.Name+"="+container.Env[i].Value, sets(asker), variable.Name+"="+variable.Value)}
}

// defaultEnv sets a variable unless the user has set it.
func defaultEnv(container *corev1.Container, variable corev1.EnvVar) {
	if indexOfEnv(container, variable.Name) < 0 {
		container.Env = append(container.Env, variable)
	}
}

func indexOfEnv(container *corev1.Container, name string) int {
	return slices.IndexFunc(container.Env, func(v corev1.EnvVar) bool { return v.Name == name })
}

// ensureVolume appends a volume of ours, or returns an error if the user's volume has its name. It updates the volume
// of an admitted job, which may have the name of the job that was exported.
func ensureVolume(template mpijob.Template, in Input, volume corev1.Volume, asker string) *field.Error {
	i := slices.IndexFunc(template.Spec.Volumes, func(v corev1.Volume) bool { return v.Name == volume.Name })
	if i < 0 {
		template.Spec.Volumes = append(template.Spec.Volumes, volume)
		return nil
	}
	if in.Admitted || equalTo(&template.Spec.Volumes[i], volume) {
		template.Spec.Volumes[i] = volume
		return nil
	}
	return nameTaken(template.Path.Child("spec", "volumes").Index(i).Child("name"), "volume", volume.Name, asker)
}

// ensureInitContainer appends an init container of ours, or returns an error if the user's has its name. It updates
// the one of an admitted job, whose main container may have been edited since.
func ensureInitContainer(template mpijob.Template, in Input, container corev1.Container, asker string) *field.Error {
	i := slices.IndexFunc(template.Spec.InitContainers, func(c corev1.Container) bool { return c.Name == container.Name })
	if i < 0 {
		template.Spec.InitContainers = append(template.Spec.InitContainers, container)
		return nil
	}
	if !in.Admitted && !equalTo(&template.Spec.InitContainers[i], container) {
		return nameTaken(template.Path.Child("spec", "initContainers").Index(i).Child("name"), "init container", container.Name, asker)
	}
	template.Spec.InitContainers[i] = container
	return nil
}

// equalTo takes a copy, so that one that is never compared stays on the stack of its function.
func equalTo[T any](value *T, want T) bool { return patch.Equal(value, &want) }

func nameTaken(path *field.Path, kind, name, asker string) *field.Error {
	return field.Invalid(path, name, fmt.Sprintf("is reserved for the %s that %s adds: use another name", kind, asker))
}

// ensureMount mounts a volume of ours. It replaces a mount of the same volume at the same path, because
// the volume's name is reserved.
func ensureMount(container *corev1.Container, mount corev1.VolumeMount) {
	same := func(m corev1.VolumeMount) bool {
		return m.Name == mount.Name && paths.Absolute(m.MountPath) == mount.MountPath
	}
	if i := slices.IndexFunc(container.VolumeMounts, same); i >= 0 {
		container.VolumeMounts[i] = mount
		return
	}
	container.VolumeMounts = append(container.VolumeMounts, mount)
}

// ensureTrees returns an error for each mount of the user's that would hide one of the paths or lie inside one.
func ensureTrees(container mpijob.Container, trees []string, volume, asker string) field.ErrorList {
	var errs field.ErrorList
	for i, mount := range container.VolumeMounts {
		if mount.Name != volume && paths.Overlaps(paths.Absolute(mount.MountPath), trees) {
			errs = append(errs, field.Invalid(container.Path().Child("volumeMounts").Index(i).Child("mountPath"), mount.MountPath,
				"would hide files that "+asker+" adds: use another path"))
		}
	}
	return errs
}

// ensureWritable returns an error if a read-only mount of the user's contains a path where we mount something: the
// container runtime cannot create a directory there.
func ensureWritable(template mpijob.Template, mountPath, asker, remedy string) field.ErrorList {
	i, around := mpijob.ReadOnlyAround(template, template.Main(), mountPath)
	if !around {
		return nil
	}
	mount := template.Main().VolumeMounts[i]
	return field.ErrorList{field.Invalid(template.MainPath().Child("volumeMounts").Index(i).Child("mountPath"), mount.MountPath,
		fmt.Sprintf("is read-only, and %s mounts %s below it: mount it elsewhere, or %s", asker, mountPath, remedy))}
}

// mountsOther reports whether a volume other than the given one is mounted at the path.
func mountsOther(container *corev1.Container, mountPath, volume string) bool {
	return slices.ContainsFunc(container.VolumeMounts, func(m corev1.VolumeMount) bool {
		return paths.Absolute(m.MountPath) == mountPath && m.Name != volume
	})
}
