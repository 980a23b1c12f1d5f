package randomjob

import (
	corev1 "k8s.io/api/core/v1"
)

var volumeEdits = []func(editor){editor.addVolume, editor.addUsualVolume, editor.addMount}

// Usual names and paths are a user's own. Odd ones are those of the policies, some of them spelled differently.
var (
	usualNames = []string{"data", "scratch"}
	oddNames   = []string{"runai-files", "runai-home", "runai-shm", "runai-git-sync", "runai-git-sync-secret"}
	usualPaths = []string{"/data", "/data/deep", "/scratch", "/keys", "/tmp", "/home/alice/keys"}
	oddPaths   = []string{
		"/home/alice", "/code", "/dev/shm", "/root/.ssh", "/run/git-sync", "/etc/mpi", "/etc/runai-mpi", "/etc/runai-mpi-ssh",
		"/etc/passwd", "/etc/group", "/etc/ssh", "/etc/ssh/sshd_config", "/etc", "/", "", "data",
		"/data/../etc/passwd", "/etc/passwd/", "/root/.ssh/",
	}
)

// addVolume adds a volume of a random kind.
func (e editor) addVolume() {
	volume := corev1.Volume{Name: often(e, usualNames, oddNames)}
	e.fillField(&volume.VolumeSource)
	spec := &e.template().Spec
	spec.Volumes = append(spec.Volumes, volume)
}

// usualVolumes are accepted everywhere.
var usualVolumes = []corev1.VolumeSource{
	{EmptyDir: &corev1.EmptyDirVolumeSource{}},
	{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "data"}},
	{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "settings"}}},
	{Secret: &corev1.SecretVolumeSource{SecretName: "wandb"}},
}

func (e editor) addUsualVolume() {
	spec := &e.template().Spec
	source := pick(e, usualVolumes)
	spec.Volumes = append(spec.Volumes, corev1.Volume{Name: pick(e, usualNames), VolumeSource: *source.DeepCopy()})
}

func (e editor) addMount() {
	container := e.container()
	mount := corev1.VolumeMount{Name: often(e, usualNames, oddNames), MountPath: often(e, usualPaths, oddPaths)}
	if e.Intn(2) == 1 {
		e.fill(&mount.ReadOnly, &mount.SubPath, &mount.MountPropagation, &mount.SubPathExpr, &mount.RecursiveReadOnly)
	}
	container.VolumeMounts = append(container.VolumeMounts, mount)
}
