package policy

import (
	"slices"
	"strings"

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
		if why := own.ends(); why != "" {
			return field.ErrorList{field.Invalid(worker.MainPath().Child("command"), strings.Join(own.words, " "), why)}
		}
	} else if !mayRunSSHD(worker.Main()) {
		return nil // mpirun reaches this worker in another way
	}
	var errs field.ErrorList
	files := filesForImage(job, in)
	separate := needsSeparationDir(worker)
	if separate {
		files = append(files, sshFile{name: files[0].name, content: files[0].content, path: separationName + "/" + files[0].name})
	}
	for _, template := range mpijob.Templates(job) {
		errs = append(errs, ensureFiles(template, files, []string{filesDir}, "the policy ssh")...)
	}
	if separate && len(errs) == 0 {
		ensureMount(worker.Main(), corev1.VolumeMount{Name: filesVolume, MountPath: separationDir, SubPath: separationName, ReadOnly: true})
	}
	if startsSSHD(worker.Main()) {
		port := nodePort(job, in)
		worker.Main().Command = startImageSSHD(job, environmentOf(job, in), port)
		declareNodePort(worker, port)
	}
	ensureAgent(job)
	return errs
}

const (
	separationDir  = "/run/sshd"
	separationName = "sshd"
)

// needsSeparationDir reports whether a worker needs a mount at /run/sshd, because sshd can make no directory
// there. sshd refuses an emptyDir, to which others may write, but not a directory of our files.
func needsSeparationDir(worker mpijob.Template) bool {
	main := worker.Main()
	if !startsSSHD(main) || main.SecurityContext == nil || main.SecurityContext.ReadOnlyRootFilesystem == nil {
		return false
	}
	own := slices.ContainsFunc(main.VolumeMounts, func(m corev1.VolumeMount) bool {
		return m.Name != filesVolume && paths.Overlaps(paths.Absolute(m.MountPath), []string{separationDir, "/var" + separationDir})
	})
	return *main.SecurityContext.ReadOnlyRootFilesystem && !own
}

func filesForImage(job *v2beta1.MPIJob, in Input) []sshFile {
	client := clientConfig{hosts: imageHosts(job), port: sshPortOf(job, in).number, sent: environmentOf(job, in).sent}
	keys := operatorKeys(job)
	if !plainPath.MatchString(keys) || len(keys) > longestKeysDir {
		keys = "" // not to be copied into a configuration
	}
	if keys != "" && keys != rootKeysDir { // ssh finds those of root by itself, and then tries no others
		client.identities = []string{keys + "/id_rsa", "~/.ssh/id_rsa", "~/.ssh/id_ecdsa", "~/.ssh/id_ed25519"}
	}
	return []sshFile{
		{name: "ssh_config", content: client.text() + "Host *\n  Include ~/.ssh/config\n  Include /etc/ssh/ssh_config\n"},
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
