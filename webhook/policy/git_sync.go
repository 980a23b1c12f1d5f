package policy

import (
	"slices"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

const (
	gitSyncName = "git-sync"

	codeVolume       = "runai-git-sync"
	codeDir          = "/run/git-sync"
	codeLink         = "current"
	credentialVolume = "runai-git-sync-secret"
	credentialDir    = "/run/git-sync-secret"
	gitSyncContainer = "runai-git-sync"
)

// gitSync clones the repository before the main container of both roles starts, with git-sync v4
// (https://github.com/kubernetes/git-sync). The contents are at the target. git itself works in
// /run/git-sync/current, where the worktree finds its repository.
var gitSync = Policy{
	Name: gitSyncName,
	Doc: Doc{
		Does: "Adds an init container with git-sync to both roles, with the ids of the main container. Mounts the repository's contents at the target " +
			"and the whole repository at " + codeDir + ". Sets `safe.directory` through git's environment variables. " +
			"Tries again after a failure, and ends after `gitSync.timeout`. " +
			"A mount of the user's own at the target stays. A target that another policy uses or that is below a read-only mount is refused.",
		Applies: "To a job with `" + annotations.GitSyncKey + "`.",
		Reads: []string{
			annotations.GitSyncKey, annotations.GitSyncSecretKey, "gitSync.image", "gitSync.timeout", "gitSync.defaultTarget",
		},
	},
	AppliesTo: func(_ *v2beta1.MPIJob, in Input) bool { return in.Intent.GitSync != nil },
	Ensure:    ensureGitSync,
	Warn:      warnGitSync,
	Owns: func(_ *v2beta1.MPIJob, in Input) Ownership {
		owned := Ownership{
			Containers: []string{gitSyncContainer},
			Volumes:    []string{codeVolume, credentialVolume},
			Mounts:     []string{targetOf(in)},
			Trees:      []string{codeDir, credentialDir},
		}
		for _, variable := range trustRepository {
			owned.Env = append(owned.Env, variable.Name)
		}
		return owned
	},
	Undo: func(u Undoing) {
		u.removeEnv(func(v corev1.EnvVar) bool { return slices.Contains(trustRepository, v) })
	},
}

func ensureGitSync(job *v2beta1.MPIJob, in Input) field.ErrorList {
	if err := validateTarget(job, in); err != nil {
		return field.ErrorList{err}
	}
	var errs field.ErrorList
	for _, template := range mpijob.Templates(job) {
		if template.Main() != nil {
			errs = append(errs, ensureCode(template, in)...)
		}
	}
	return errs
}

func ensureCode(template mpijob.Template, in Input) field.ErrorList {
	target, main := targetOf(in), template.Main()
	errs := ensureTrees(template.Containers()[0], []string{codeDir}, codeVolume, annotations.GitSyncKey)
	volumes := []corev1.Volume{{Name: codeVolume, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}}
	if in.Intent.GitSyncSecret != "" {
		volumes = append(volumes, credentials(in.Intent, effectiveUID(template) == 0))
	}
	for _, volume := range volumes {
		if err := ensureVolume(template, in, volume, annotations.GitSyncKey); err != nil {
			errs = append(errs, err)
		}
	}
	if err := ensureInitContainer(template, in, gitSyncInit(template, in), annotations.GitSyncKey); err != nil {
		errs = append(errs, err)
	}
	ensureMount(main, corev1.VolumeMount{Name: codeVolume, MountPath: codeDir})
	if !mountsOther(main, target, codeVolume) {
		if err := belowReadOnly(template, target); err != nil {
			errs = append(errs, err)
		}
		ensureMount(main, corev1.VolumeMount{Name: codeVolume, MountPath: target, SubPath: codeLink})
	}
	for _, variable := range trustRepository {
		defaultEnv(main, variable)
	}
	return errs
}

// warnGitSync warns if a branch is ignored or if the password is sent unencrypted.
func warnGitSync(_ *v2beta1.MPIJob, in Input) []string {
	sync := in.Intent.GitSync
	if sync == nil {
		return nil
	}
	var warnings []string
	path := func() string { return annotations.Path(annotations.GitSyncKey).String() }
	if sync.Rev != "" && sync.Branch != "" {
		warnings = append(warnings, path()+": branch="+sync.Branch+" is ignored because rev="+sync.Rev+" is set: remove one of them")
	}
	if in.Intent.GitSyncSecret != "" && strings.HasPrefix(sync.Source, "http://") {
		warnings = append(warnings, path()+": the password is sent unencrypted over http: use https")
	}
	return warnings
}
