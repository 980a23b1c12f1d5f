package policy

import (
	_ "embed"
	"fmt"
	"math"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// trustRepository makes git accept a clone that another uid owns.
var trustRepository = []corev1.EnvVar{
	{Name: "GIT_CONFIG_COUNT", Value: "1"}, {Name: "GIT_CONFIG_KEY_0", Value: "safe.directory"}, {Name: "GIT_CONFIG_VALUE_0", Value: "*"},
}

//go:embed git_sync.sh
var gitSyncSource string

// gitSyncScript runs git-sync, tries again after a failure, and ends in time. It needs sh, coreutils and grep,
// which are in git-sync's image.
var gitSyncScript = lean(gitSyncSource)

func gitSyncInit(template mpijob.Template, in Input) corev1.Container {
	container := corev1.Container{
		Name:            gitSyncContainer,
		Image:           in.Cluster.GitSync.Image,
		ImagePullPolicy: corev1.PullIfNotPresent,
		Command:         []string{"sh", "-c", gitSyncScript, gitSyncContainer, strconv.Itoa(seconds(in.Cluster.GitSync.Timeout.Duration))},
		Args:            gitSyncFlags(in),
		Env:             gitSyncEnv(in),
		Resources:       injectedResources(template.Main()),
		SecurityContext: confinedAs(template, in),
		VolumeMounts:    append(make([]corev1.VolumeMount, 0, 4), corev1.VolumeMount{Name: codeVolume, MountPath: codeDir}),

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
	if in.Identity != nil { // ssh fails for a uid without a passwd entry
		for _, file := range identityFiles[:2] {
			ensureMount(&container, corev1.VolumeMount{Name: filesVolume, MountPath: file.mountPath, SubPath: file.name, ReadOnly: true})
		}
	}
	return container
}

// gitSyncEnv returns the variables of git-sync. They make git close a connection that is silent for half of the time
// limit, to leave time to try again. git-sync appends its own options to GIT_SSH_COMMAND.
func gitSyncEnv(in Input) []corev1.EnvVar {
	stalled := max(1, seconds(in.Cluster.GitSync.Timeout.Duration)/2)
	return []corev1.EnvVar{
		{Name: "HOME", Value: codeDir}, {Name: "LAST_ERROR", Value: codeDir + "/last-error"},
		{Name: "GIT_CONFIG_COUNT", Value: "3"},
		{Name: "GIT_CONFIG_KEY_0", Value: "safe.directory"}, {Name: "GIT_CONFIG_VALUE_0", Value: "*"},
		{Name: "GIT_CONFIG_KEY_1", Value: "http.lowSpeedLimit"}, {Name: "GIT_CONFIG_VALUE_1", Value: "1"},
		{Name: "GIT_CONFIG_KEY_2", Value: "http.lowSpeedTime"}, {Name: "GIT_CONFIG_VALUE_2", Value: strconv.Itoa(stalled)},
		{Name: "GIT_SSH_COMMAND", Value: fmt.Sprintf("ssh -o ConnectTimeout=%d -o ServerAliveInterval=%d -o ServerAliveCountMax=3",
			stalled, max(1, stalled/3))},
	}
}

// seconds rounds up, as a limit of 0 would be none.
func seconds(limit time.Duration) int { return int(math.Ceil(limit.Seconds())) }

// gitSyncFlags returns the flags of git-sync v4. Each value is joined to its flag with =, so that it can
// never be read as another flag.
func gitSyncFlags(in Input) []string {
	sync := in.Intent.GitSync
	flags := []string{
		"--repo=" + sync.Source, "--ref=" + refOf(*sync), "--root=" + codeDir + "/repo", "--link=" + codeDir + "/" + codeLink,
		"--one-time", "--depth=1", "--max-failures=1", "--sync-timeout=" + in.Cluster.GitSync.Timeout.Duration.String(),
	}
	switch {
	case in.Intent.GitSyncSecret == "":
	case sync.UsesSSH():
		if in.Identity == nil { // with an identity, our passwd has its uid
			flags = append(flags, "--add-user")
		}
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

// credentials returns the volume with the keys that the transport needs. The mounted files belong to
// root. ssh refuses a key that others can read only if the key belongs to its own user.
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
