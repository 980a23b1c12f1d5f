package policy

import (
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/mpijob"
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
	for _, template := range mpijob.Templates(job) {
		errs = append(errs, ensureFiles(template, files, []string{filesDir}, "the policy ssh")...)
	}
	if startsSSHD(worker.Main()) {
		port := nodePort(job, in)
		worker.Main().Command = startImageSSHD(job, environmentOf(job, in), port)
		declareNodePort(worker, port)
	}
	ensureAgent(job)
	return errs
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
