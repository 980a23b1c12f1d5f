package policy

import (
	"slices"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/shared/paths"
)

// ensureImageSSH adds what mpirun needs to reach the workers and what the image may lack. The image's own
// files stay.
func ensureImageSSH(job *v2beta1.MPIJob, in Input) field.ErrorList {
	worker, present := mpijob.TemplateOf(job, mpijob.Worker)
	if !present || worker.Main() == nil {
		return nil // reported by the final validation
	}
	if own, isSSHD := readSSHD(worker.Main()); isSSHD {
		if errs := own.refused(worker, own.ends()); len(errs) > 0 {
			return errs
		}
	} else if !mayRunSSHD(worker.Main()) {
		return nil // mpirun reaches this worker in another way
	}
	if launcher, present := mpijob.TemplateOf(job, mpijob.Launcher); present && cannotReadRootKeys(launcher) && cannotReadRootKeys(worker) &&
		paths.Absolute(operatorKeys(job)) == rootKeysDir {
		job.Spec.SSHAuthMountPath = keysDir
	}
	var errs field.ErrorList
	env := environmentOf(job, in)
	files := filesForImage(job, in, env)
	extra, mounts := filesForWorker(worker, env)
	for _, template := range mpijob.Templates(job) {
		errs = append(errs, ensureFiles(template, in, append(files, extra...), []string{filesDir}, "the policy ssh")...)
	}
	if len(errs) > 0 {
		return errs
	}
	for _, mount := range mounts {
		ensureMount(worker.Main(), mount)
	}
	if startsSSHD(worker.Main()) {
		port := ownPort(job, in)
		worker.Main().Command = startImageSSHD(job, env, port)
		declareNodePort(worker, port)
	}
	ensureAgent(job)
	return nil
}

// cannotReadRootKeys reports whether a main container cannot read what the operator mounts at /root/.ssh.
func cannotReadRootKeys(template mpijob.Template) bool {
	security := template.Spec.SecurityContext
	return template.Main() != nil && isNotRoot(template) && (security == nil || security.FSGroup == nil) && !mountsAt(template.Main(), keysDir)
}

// Where sshd of a worker finds files that the image does not have.
const (
	separationDir = "/run/sshd"
	dropIn        = "/etc/ssh/sshd_config.d/runai-mpi.conf" // next to the image's configuration, which includes it
)

// The files of a job without an identity.
var (
	configFile     = fileNamed("ssh_config")
	acceptFile     = fileNamed("accept_env")
	separationFile = fileNamed("sshd").storedAt("sshd/empty")
)

// filesForWorker returns files that only workers need, and their mounts.
func filesForWorker(worker mpijob.Template, env environment) ([]sshFile, []corev1.VolumeMount) {
	accepted := acceptedLines(env.sent)
	switch {
	case needsSeparationDir(worker):
		// A directory of the volume, to which nobody else may write: sshd refuses an emptyDir.
		return []sshFile{separationFile},
			[]corev1.VolumeMount{{Name: filesVolume, MountPath: separationDir, SubPath: "sshd", ReadOnly: true}}
	case !startsSSHD(worker.Main()) && accepted != "" && !mountsAt(worker.Main(), "/etc/ssh"):
		return []sshFile{acceptFile.with(accepted)},
			[]corev1.VolumeMount{{Name: filesVolume, MountPath: dropIn, SubPath: "accept_env", ReadOnly: true}}
	}
	return nil, nil
}

// needsSeparationDir reports whether the sshd of a worker cannot create a directory at /run/sshd.
func needsSeparationDir(worker mpijob.Template) bool {
	main := worker.Main()
	if main.SecurityContext == nil || main.SecurityContext.ReadOnlyRootFilesystem == nil {
		return false
	}
	return *main.SecurityContext.ReadOnlyRootFilesystem && startsSSHD(main) && !mountsAt(main, separationDir, "/var"+separationDir)
}

// mountsAt reports whether the author mounts something at, above or below one of the paths.
func mountsAt(main *corev1.Container, trees ...string) bool {
	return slices.ContainsFunc(main.VolumeMounts, func(m corev1.VolumeMount) bool {
		return m.Name != filesVolume && paths.Overlaps(paths.Absolute(m.MountPath), trees)
	})
}

func filesForImage(job *v2beta1.MPIJob, in Input, env environment) []sshFile {
	client := clientConfig{hosts: imageHosts(job), port: sshPortOf(job, in), sent: env.sent}
	keys := operatorKeys(job)
	if !plainPath.MatchString(keys) || len(keys) > longestKeysDir {
		keys = "" // not to be copied into a configuration
	}
	if keys != "" && keys != rootKeysDir { // ssh finds those of root by itself, and then tries no others
		client.identities = []string{keys + "/id_rsa", "~/.ssh/id_rsa", "~/.ssh/id_ecdsa", "~/.ssh/id_ed25519"}
	}
	return []sshFile{
		configFile.with(client.text() + "Host *\n  Include ~/.ssh/config\n  Include /etc/ssh/ssh_config\n"),
		agent(keys, isHydra(job), true),
	}
}

// imageHosts returns patterns for all names of the job's pods.
func imageHosts(job *v2beta1.MPIJob) []string {
	name := orAny(nameOf(job))
	return append(fullHosts(job), name+"-worker-*", name+"-launcher*")
}

// operatorKeys returns where the operator mounts its keys.
func operatorKeys(job *v2beta1.MPIJob) string {
	if job.Spec.SSHAuthMountPath == "" {
		return rootKeysDir
	}
	return job.Spec.SSHAuthMountPath
}
