package policy

import (
	_ "embed"
	"slices"
	"strconv"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

//go:embed sshd_start.sh
var startSSHDSource string

// startSSHDScript starts sshd in a worker whose command its author leaves to the operator.
var startSSHDScript = lean(startSSHDSource)

// sshdMarker is the name of the script in the command of a worker, by which it is recognised.
const sshdMarker = "runai-sshd"

// startsSSHD reports whether the operator or our script starts sshd in a worker.
func startsSSHD(main *corev1.Container) bool {
	return len(main.Command) == 0 && len(main.Args) == 0 || isOurSSHD(main)
}

func isOurSSHD(main *corev1.Container) bool {
	return len(main.Args) == 0 && len(main.Command) > 3 && main.Command[3] == sshdMarker
}

// mayRunSSHD reports whether a worker runs sshd, as far as its command shows.
func mayRunSSHD(main *corev1.Container) bool {
	return startsSSHD(main) ||
		slices.ContainsFunc(slices.Concat(main.Command, main.Args), func(word string) bool { return strings.Contains(word, "sshd") })
}

// startIdentitySSHD returns the command of a worker with our configuration.
func startIdentitySSHD(env environment) []string {
	return startSSHDWith("", env, "", "-f", sshdFile)
}

// startImageSSHD returns the command of a worker with the image's configuration. On the port, if it is not 0,
// sshd also listens.
func startImageSSHD(job *v2beta1.MPIJob, env environment, port int32) []string {
	text := ""
	if port != 0 {
		text = strconv.Itoa(int(port))
	}
	return startSSHDWith(operatorKeys(job), env, text)
}

func startSSHDWith(keys string, env environment, port string, options ...string) []string {
	return append([]string{
		"/bin/sh", "-c", startSSHDScript, sshdMarker, keys, strings.Join(env.sent, " "), strings.Join(env.kept, " "), port,
	}, options...)
}

// acceptsEnvironment reports whether the workers' sshd reads a configuration that takes the job's variables.
func acceptsEnvironment(job *v2beta1.MPIJob, in Input) bool {
	worker, present := mpijob.TemplateOf(job, mpijob.Worker)
	if !present || worker.Main() == nil || startsSSHD(worker.Main()) {
		return true
	}
	if own, isSSHD := readSSHD(worker.Main()); isSSHD && own.file() != defaultSSHDFile && own.file() != sshdFile {
		return false
	}
	return mayRunSSHD(worker.Main()) && (hasIdentity(job, in) || !mountsAt(worker.Main(), "/etc/ssh"))
}
