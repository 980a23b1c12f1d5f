package policy

import (
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

const (
	codeVolume       = "runai-git-sync"
	codeDir          = "/run/git-sync"
	codeLink         = "current"
	credentialVolume = "runai-git-sync-secret"
	credentialDir    = "/run/git-sync-secret"
	gitSyncContainer = "runai-git-sync"
)

func asksGitSync(_ *v2beta1.MPIJob, in Input) bool { return in.Intent.GitSync != nil }

// gitSync clones the repository before the main container of both roles starts, with git-sync v4
// (https://github.com/kubernetes/git-sync). Its contents are at the target; git itself works in
// /run/git-sync/current, where the worktree finds its repository.
func gitSync(job *v2beta1.MPIJob, in Input) field.ErrorList {
	if err := judgeTarget(job, in); err != nil {
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

func targetOf(in Input) string {
	if target := in.Intent.GitSync.Target; target != "" {
		return target
	}
	return in.Cluster.GitSync.DefaultTarget
}

// judgeTarget refuses a place that other policies fill: the code would not be there.
func judgeTarget(job *v2beta1.MPIJob, in Input) *field.Error {
	target, own := targetOf(in), []string{codeDir, credentialDir}
	if in.Identity != nil {
		own = append(own, append(ownFiles(), job.Spec.SSHAuthMountPath)...)
	}
	isHome := asksHome(job, in) && target == homeOf(in)
	if !isHome && target != shmPath && !overlapsAny(target, own) {
		return nil
	}
	return field.Invalid(annotations.Path(annotations.GitSyncKey), target, "is a target that the job needs for something else: write target= and another directory, such as /code")
}

func ensureCode(template mpijob.Template, in Input) field.ErrorList {
	target, main := targetOf(in), template.Main()
	errs := overlapping(template.Containers()[0], []string{codeDir}, codeVolume, annotations.GitSyncKey)
	volumes := []corev1.Volume{{Name: codeVolume, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}}
	if in.Intent.GitSyncSecret != "" {
		volumes = append(volumes, credentials(in.Intent, effectiveUID(template) == 0))
	}
	for _, volume := range volumes {
		if err := ensureVolume(template, volume, annotations.GitSyncKey); err != nil {
			errs = append(errs, err)
		}
	}
	if err := ensureInitContainer(template, gitSyncInit(template, in), annotations.GitSyncKey); err != nil {
		errs = append(errs, err)
	}
	ensureMount(main, corev1.VolumeMount{Name: codeVolume, MountPath: codeDir})
	if !mountsOther(main, target, codeVolume) {
		ensureMount(main, corev1.VolumeMount{Name: codeVolume, MountPath: target, SubPath: codeLink})
	}
	for _, variable := range trustRepository {
		appendEnv(main, variable)
	}
	return errs
}

// trustRepository lets git work in a clone that somebody else may own.
var trustRepository = []corev1.EnvVar{
	{Name: "GIT_CONFIG_COUNT", Value: "1"}, {Name: "GIT_CONFIG_KEY_0", Value: "safe.directory"}, {Name: "GIT_CONFIG_VALUE_0", Value: "*"},
}

func gitSyncInit(template mpijob.Template, in Input) corev1.Container {
	container := corev1.Container{
		Name:            gitSyncContainer,
		Image:           in.Cluster.GitSync.Image,
		ImagePullPolicy: corev1.PullIfNotPresent,
		Args:            gitSyncFlags(in),
		Env:             append([]corev1.EnvVar{{Name: "HOME", Value: codeDir}}, trustRepository...),
		Resources:       *in.Cluster.GitSync.Resources.DeepCopy(),
		SecurityContext: confinedAs(template, in),
		VolumeMounts:    []corev1.VolumeMount{{Name: codeVolume, MountPath: codeDir}},

		TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
	}
	if in.Intent.GitSyncSecret != "" {
		container.VolumeMounts = append(container.VolumeMounts, corev1.VolumeMount{Name: credentialVolume, MountPath: credentialDir, ReadOnly: true})
		if !in.Intent.GitSync.UsesSSH() {
			container.Env = append(container.Env, corev1.EnvVar{Name: "GITSYNC_USERNAME", ValueFrom: &corev1.EnvVarSource{
				SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: in.Intent.GitSyncSecret}, Key: "username"},
			}})
		}
	}
	if in.Identity != nil { // ssh asks who its user is
		for _, file := range sshFiles[:2] {
			ensureMount(&container, corev1.VolumeMount{Name: filesVolume, MountPath: file.path, SubPath: file.name, ReadOnly: true})
		}
	}
	return container
}

// gitSyncFlags are those of git-sync v4. Each value is joined to its flag, so that none can become
// another flag.
func gitSyncFlags(in Input) []string {
	sync := in.Intent.GitSync
	flags := []string{
		"--repo=" + sync.Source, "--ref=" + refOf(*sync), "--root=" + codeDir + "/repo", "--link=" + codeDir + "/" + codeLink,
		"--one-time", "--depth=1", "--max-failures=0", "--sync-timeout=" + in.Cluster.GitSync.Timeout.Duration.String(),
	}
	switch {
	case in.Intent.GitSyncSecret == "":
	case sync.UsesSSH():
		flags = append(flags, "--ssh-key-file="+credentialDir+"/ssh-privatekey", "--ssh-known-hosts-file="+credentialDir+"/known_hosts")
	default:
		flags = append(flags, "--password-file="+credentialDir+"/password")
	}
	return flags
}

func refOf(sync annotations.GitSync) string {
	for _, ref := range []string{sync.Rev, sync.Branch} {
		if ref != "" {
			return ref
		}
	}
	return "HEAD"
}

// credentials mounts what the transport needs. ssh refuses a key that others can read only if the key
// is its user's own; the mounted files are root's.
func credentials(intent annotations.Intent, isRoot bool) corev1.Volume {
	mode := int32(0o444)
	if isRoot {
		mode = 0o400
	}
	keys := []string{"password"}
	if intent.GitSync.UsesSSH() {
		keys = []string{"ssh-privatekey", "known_hosts"}
	}
	source := &corev1.SecretVolumeSource{SecretName: intent.GitSyncSecret, DefaultMode: &mode}
	for _, key := range keys {
		source.Items = append(source.Items, corev1.KeyToPath{Key: key, Path: key})
	}
	return corev1.Volume{Name: credentialVolume, VolumeSource: corev1.VolumeSource{Secret: source}}
}

// warnGitSync tells which of two revisions is taken, and what a transport without protection means.
func warnGitSync(in Input) []string {
	sync := in.Intent.GitSync
	if sync == nil {
		return nil
	}
	var warnings []string
	if sync.Rev != "" && sync.Branch != "" {
		warnings = append(warnings, annotations.Path(annotations.GitSyncKey).String()+": rev="+sync.Rev+" wins over branch="+sync.Branch+": leave one of them out")
	}
	if in.Intent.GitSyncSecret != "" && strings.HasPrefix(sync.Source, "http://") {
		warnings = append(warnings, annotations.Path(annotations.GitSyncKey).String()+": the password travels over plain http: write https")
	}
	return warnings
}
