package policy

import (
	"slices"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

const (
	homeVolume    = "runai-home"
	anonymousHome = "/home/runai-home"
)

// asksHome is what the annotation says; without one, a job that runs as its user has a home: hers is
// on no image.
func asksHome(_ *v2beta1.MPIJob, in Input) bool {
	if in.Intent.CreateHomeDir != nil {
		return *in.Intent.CreateHomeDir
	}
	return in.Identity != nil
}

// homeDir mounts an empty directory at the home of both roles, and says where it is. A mount of the
// user's own stays: then her home is no temporary one.
func homeDir(job *v2beta1.MPIJob, in Input) field.ErrorList {
	variables := []corev1.EnvVar{{Name: "HOME", Value: homeOf(in)}}
	if in.Identity != nil {
		name := in.Identity.UserName
		variables = append(variables, corev1.EnvVar{Name: "USER", Value: name}, corev1.EnvVar{Name: "LOGNAME", Value: name})
	}
	var errs field.ErrorList
	for _, template := range mpijob.Templates(job) {
		if main := template.Main(); main != nil {
			errs = append(errs, ensureHome(template, variables)...)
		}
	}
	return errs
}

func homeOf(in Input) string {
	if in.Identity != nil {
		return in.Identity.Home
	}
	return anonymousHome
}

func ensureHome(template mpijob.Template, variables []corev1.EnvVar) field.ErrorList {
	main, home := template.Main(), variables[0].Value
	var errs field.ErrorList
	for _, variable := range variables {
		errs = append(errs, ensureEnv(main, variable, template.MainPath(), annotations.CreateHomeDirKey)...)
	}
	if mountsOther(main, home, homeVolume) {
		return errs
	}
	volume := corev1.Volume{Name: homeVolume, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}
	if err := ensureVolume(template, volume, annotations.CreateHomeDirKey); err != nil {
		return append(errs, err)
	}
	ensureMount(main, corev1.VolumeMount{Name: homeVolume, MountPath: home})
	return errs
}

// ensureEnv sets a variable, accepts the same, and refuses another value.
func ensureEnv(container *corev1.Container, variable corev1.EnvVar, path *field.Path, asker string) field.ErrorList {
	i := slices.IndexFunc(container.Env, func(v corev1.EnvVar) bool { return v.Name == variable.Name })
	if i < 0 {
		container.Env = append(container.Env, variable)
		return nil
	}
	if container.Env[i].Value == variable.Value && container.Env[i].ValueFrom == nil {
		return nil
	}
	return field.ErrorList{contradicts(path.Child("env").Index(i), variable.Name+"="+container.Env[i].Value, asker, variable.Name+"="+variable.Value)}
}
