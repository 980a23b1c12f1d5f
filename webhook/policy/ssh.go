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
	filesVolume = "runai-files"
	filesDir    = "/etc/runai-mpi"
	keysDir     = "/etc/runai-mpi-ssh"
	operatorDir = "/etc/mpi"   // where the operator mounts the hostfile
	rootKeysDir = "/root/.ssh" // the CRD's default: readable by root only
	sshdPath    = "/usr/sbin/sshd"
	sshdFile    = filesDir + "/sshd_config"

	defaultSSHDFile = "/etc/ssh/sshd_config"
)

// ssh lets mpirun reach the workers: with an identity as a user that the image does not know, with files that replace
// the image's; without one, as the image's user, with the image's own files and additions to them.
var ssh = Policy{
	Name: "ssh",
	Doc: Doc{
		Does: "Lets `mpirun` reach the workers in an image as it is. " +
			"With an identity, mounts a passwd and a group file that have the user, and configurations of ssh and sshd; moves the operator's keys from `" +
			rootKeysDir + "` to `" + keysDir + "`; and starts sshd on the port `ssh.port` in a worker without a command. " +
			"A mount of the user's own over these files is refused. " +
			"Without an identity, no file of the image is replaced. " +
			"In a worker without a command, sshd also gets `/run/sshd`, host keys and the operator's keys if the image lacks them. " +
			"`mpirun` calls ssh through `" + agentFile + "`, which knows the job's hosts and then reads the image's own configuration. An agent of the user's own stays. " +
			"On the node's network, and for a user other than root, this sshd also listens on `ssh.port`; " +
			"the keys of such a user are at `" + keysDir + "`. " +
			"With or without an identity, the variables that the author gives the launcher reach the ranks, except MPI's own, fields of the pod, and those from `envFrom`. " +
			"A worker that brings its own sshd keeps it, but a command line of sshd that cannot work is refused.",
		Applies: "To every job.",
		Reads:   []string{"ssh.port"},
	},
	Ensure: ensureSSH,
	Warn:   warnSSH,
	Owns: func(job *v2beta1.MPIJob, in Input) Ownership {
		owned := Ownership{
			Volumes:     []string{filesVolume},
			Mounts:      []string{filesDir},
			Trees:       []string{filesDir},
			Env:         slices.Concat(agentVariables, []string{launcherAddressEnv}),
			Annotations: []string{annotations.FilesPrefix + "*"},
			Fields:      []string{"spec.sshAuthMountPath", "template.spec.containers[0].command", "template.spec.containers[0].ports"},
		}
		if hasIdentity(job, in) {
			owned.Trees = append(identityTrees(), keysDirOf(job))
			for _, file := range identityFiles {
				owned.Mounts = append(owned.Mounts, file.mountPath)
			}
		}
		return owned
	},
	Undo: undoSSH,
}

func ensureSSH(job *v2beta1.MPIJob, in Input) field.ErrorList {
	if hasIdentity(job, in) {
		return ensureIdentitySSH(job, in)
	}
	return ensureImageSSH(job, in)
}

// ensureFiles mounts files in a role. Nothing else may be mounted at, above or below the trees. Workers need the
// files, too: with many workers, mpirun makes them connect to each other.
func ensureFiles(template mpijob.Template, in Input, files []sshFile, trees []string, asker string) field.ErrorList {
	if template.Main() == nil {
		return nil // reported by the final validation
	}
	errs := ensureTrees(template.Containers()[0], trees, filesVolume, asker)
	if err := ensureVolume(template, in, writeFiles(template, files), asker); err != nil {
		return append(errs, err)
	}
	mountFiles(template.Main(), files)
	return errs
}

func mountFiles(main *corev1.Container, files []sshFile) {
	for _, file := range files {
		if file.mountPath != "" {
			ensureMount(main, corev1.VolumeMount{Name: filesVolume, MountPath: file.mountPath, SubPath: file.name, ReadOnly: true})
		}
	}
	ensureMount(main, corev1.VolumeMount{Name: filesVolume, MountPath: filesDir, ReadOnly: true})
}
