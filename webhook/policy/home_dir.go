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

// homeDir mounts an empty directory at the home of both roles and sets HOME. A mount of the user's own
// stays.
var homeDir = Policy{
	Name: "home-dir",
	Doc: Doc{
		Does: "Mounts an emptyDir at the home directory and sets `HOME`, and for a job with an identity also `USER` and `LOGNAME`. " +
			"The home is the identity's, or `" + anonymousHome + "` without an identity. A mount of the user's own at this path stays.",
		Applies: "To a job with `" + annotations.CreateHomeDirKey + ": \"true\"`, " +
			"and to a job with an identity unless the annotation is `\"false\"`.",
		Reads: []string{annotations.CreateHomeDirKey},
	},
	AppliesTo: wantsHome,
	Ensure:    ensureHomeDir,
	Owns: func(_ *v2beta1.MPIJob, in Input) Ownership {
		return Ownership{Volumes: []string{homeVolume}, Mounts: []string{homeOf(in)}, Env: homeEnv}
	},
	Undo: undoHomeDir,
}

var homeEnv = []string{"HOME", "USER", "LOGNAME"}

// wantsHome reports whether the job gets a home. Default: true with an identity, because no image has a
// home for its user.
func wantsHome(_ *v2beta1.MPIJob, in Input) bool {
	if in.Intent.CreateHomeDir != nil {
		return *in.Intent.CreateHomeDir
	}
	return in.Identity != nil
}

func ensureHomeDir(job *v2beta1.MPIJob, in Input) field.ErrorList {
	asker := annotations.CreateHomeDirKey
	if in.Intent.CreateHomeDir == nil {
		asker = identityAsker(in)
	}
	var errs field.ErrorList
	for _, template := range mpijob.Templates(job) {
		if main := template.Main(); main != nil {
			errs = append(errs, ensureHome(template, in, homeVariables(in), asker)...)
		}
	}
	return errs
}

func homeVariables(in Input) []corev1.EnvVar {
	variables := []corev1.EnvVar{{Name: "HOME", Value: homeOf(in)}}
	if in.Identity != nil {
		name := in.Identity.UserName
		variables = append(variables, corev1.EnvVar{Name: "USER", Value: name}, corev1.EnvVar{Name: "LOGNAME", Value: name})
	}
	return variables
}

// undoHomeDir leaves what Ensure would write again, because another variable may refer to it from behind.
func undoHomeDir(u Undoing) {
	written, again := homeEnv, []corev1.EnvVar(nil)
	if !slices.Contains(u.names, identityName) {
		written = homeEnv[:1]
	}
	if u.Stored == nil && wantsHome(u.Job, u.Input) {
		again = homeVariables(u.Input)
	}
	u.removeEnv(func(v corev1.EnvVar) bool { return slices.Contains(written, v.Name) && !slices.Contains(again, v) })
}

func homeOf(in Input) string {
	if in.Identity != nil {
		return in.Identity.Home
	}
	return anonymousHome
}

func ensureHome(template mpijob.Template, in Input, variables []corev1.EnvVar, asker string) field.ErrorList {
	main, home := template.Main(), variables[0].Value
	var errs field.ErrorList
	for _, variable := range variables {
		errs = append(errs, ensureEnv(main, variable, template.MainPath(), asker)...)
	}
	if mountsOther(main, home, homeVolume) {
		return errs
	}
	volume := corev1.Volume{Name: homeVolume, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}
	if err := ensureVolume(template, in, volume, asker); err != nil {
		return append(errs, err)
	}
	errs = append(errs, ensureWritable(template, home, asker, `set `+annotations.CreateHomeDirKey+` to "false"`)...)
	ensureMount(main, corev1.VolumeMount{Name: homeVolume, MountPath: home})
	return errs
}
