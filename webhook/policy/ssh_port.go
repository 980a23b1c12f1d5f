package policy

import (
	"regexp"
	"slices"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// A sshPort says on which port of the workers the launcher finds sshd.
type sshPort struct {
	// number is the port, or 0 if the image's configurations of ssh and sshd say it.
	number int32
	// unknown is set if the author chose a port in a way that only a run shows.
	unknown bool
}

// sshPortOf returns the port of the workers' sshd.
func sshPortOf(job *v2beta1.MPIJob, in Input) sshPort {
	worker, present := mpijob.TemplateOf(job, mpijob.Worker)
	if !present || worker.Main() == nil {
		return sshPort{unknown: true}
	}
	unknown := launcherNamesPort(job)
	if startsSSHD(worker.Main()) {
		if hasIdentity(job, in) {
			return sshPort{number: in.Cluster.SSH.Port, unknown: unknown}
		}
		return sshPort{number: nodePort(job, in), unknown: unknown}
	}
	own, isSSHD := readSSHD(worker.Main())
	if !isSSHD {
		return sshPort{unknown: true}
	}
	var configured []int32
	if hasIdentity(job, in) {
		configured = []int32{in.Cluster.SSH.Port}
	}
	listening := own.ports(configured)
	switch {
	case len(listening) == 0:
		return sshPort{unknown: unknown || own.file() != defaultSSHDFile}
	case slices.Contains(listening, in.Cluster.SSH.Port):
		return sshPort{number: in.Cluster.SSH.Port, unknown: unknown}
	}
	return sshPort{number: listening[0], unknown: unknown}
}

// namedPort matches a port for ssh among the words of a launcher or in its variables.
var namedPort = regexp.MustCompile(`(?i)(ssh|rsh|launch|bootstrap)[^\n]*?[\s"'=](-p\s*\$?\w|-o\s*['"]?port[\s=])`)

// launcherNamesPort reports whether the launcher's command or variables seem to choose the port of ssh.
func launcherNamesPort(job *v2beta1.MPIJob) bool {
	launcher, present := mpijob.TemplateOf(job, mpijob.Launcher)
	if !present || launcher.Main() == nil {
		return false
	}
	main := launcher.Main()
	if namedPort.MatchString(strings.Join(slices.Concat(main.Command, main.Args), " ")) {
		return true
	}
	return slices.ContainsFunc(main.Env, func(v corev1.EnvVar) bool { return namedPort.MatchString(v.Name + " " + v.Value) })
}

// nodePort returns the port of ours for workers in the node's network that run the image's sshd, or 0. It is
// for these workers only, and not if the author has chosen one.
func nodePort(job *v2beta1.MPIJob, in Input) int32 {
	worker, present := mpijob.TemplateOf(job, mpijob.Worker)
	if !present || worker.Main() == nil || !worker.Spec.HostNetwork || declaresSSHPort(worker.Main()) || launcherNamesPort(job) {
		return 0
	}
	return in.Cluster.SSH.Port
}

const nodePortName = "runai-mpi-ssh"

// declaresSSHPort reports whether the author declared a port that seems to be that of sshd.
func declaresSSHPort(main *corev1.Container) bool {
	return slices.ContainsFunc(main.Ports, func(p corev1.ContainerPort) bool {
		return p.Name != nodePortName && (p.ContainerPort%100 == 22 || strings.Contains(p.Name, "ssh"))
	})
}

// declareNodePort makes the scheduler keep workers apart that would use the same port of a node.
func declareNodePort(worker mpijob.Template, port int32) {
	main := worker.Main()
	declared := slices.ContainsFunc(main.Ports, func(p corev1.ContainerPort) bool {
		return p.ContainerPort == port && (p.Protocol == "" || p.Protocol == corev1.ProtocolTCP)
	})
	if port != 0 && worker.Spec.HostNetwork && !declared {
		main.Ports = append(main.Ports, corev1.ContainerPort{Name: nodePortName, ContainerPort: port, Protocol: corev1.ProtocolTCP})
	}
}

// warnSSH warns about what only a run shows.
func warnSSH(job *v2beta1.MPIJob, in Input) []string {
	return append(warnEnvironment(job, in), warnNodePort(job, in)...)
}

// warnNodePort warns about workers that would use the same port of a node.
func warnNodePort(job *v2beta1.MPIJob, in Input) []string {
	worker, present := mpijob.TemplateOf(job, mpijob.Worker)
	if !present || worker.Main() == nil || !worker.Spec.HostNetwork {
		return nil
	}
	port := sshPortOf(job, in)
	if slices.ContainsFunc(worker.Main().Ports, func(p corev1.ContainerPort) bool { return p.ContainerPort == port.number }) && port.number != 0 {
		return nil
	}
	return []string{worker.MainPath().Child("ports").String() + ": two workers on a node would use the same port of sshd: " +
		"declare the port that the job chooses here, or choose none"}
}
