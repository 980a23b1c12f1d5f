package policy

import (
	"regexp"
	"slices"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// sshPortOf returns the port of the workers' sshd, or 0 if it depends on the image's configuration or is known only
// when the job runs.
func sshPortOf(job *v2beta1.MPIJob, in Input) int32 {
	worker, present := mpijob.TemplateOf(job, mpijob.Worker)
	if !present || worker.Main() == nil {
		return 0
	}
	var configured []int32
	if hasIdentity(job, in) {
		configured = []int32{in.Cluster.SSH.Port}
	}
	if startsSSHD(worker.Main()) {
		if len(configured) > 0 {
			return configured[0]
		}
		return ownPort(job, in)
	}
	own, isSSHD := readSSHD(worker.Main())
	if !isSSHD {
		return 0
	}
	listening := own.ports(configured)
	switch {
	case len(listening) == 0:
		return 0
	case slices.Contains(listening, in.Cluster.SSH.Port):
		return in.Cluster.SSH.Port
	}
	return listening[0]
}

// The words of a launcher, or its variables, with which it chooses a port for ssh, or an agent that may do so.
var (
	namedPort  = regexp.MustCompile(`(?i)(ssh|rsh|launch|bootstrap)[^\n]*?[\s"'=](-p\s*\$?\w|-o\s*['"]?port[\s=])`)
	namedAgent = regexp.MustCompile(`\b(plm|pls|orte|prte)_(rsh|ssh)_agent\b|-(launcher|bootstrap|bootstrap-exec|launcher-exec)\b`)
)

// launcherChooses reports whether the launcher's command or variables seem to choose how mpirun calls ssh.
func launcherChooses(job *v2beta1.MPIJob) bool {
	launcher, present := mpijob.TemplateOf(job, mpijob.Launcher)
	if !present || launcher.Main() == nil {
		return false
	}
	main := launcher.Main()
	if words := strings.Join(slices.Concat(main.Command, main.Args), " "); namedPort.MatchString(words) || namedAgent.MatchString(words) {
		return true
	}
	if hasOwnAgent(main) {
		return true
	}
	return slices.ContainsFunc(main.Env, func(v corev1.EnvVar) bool { return namedPort.MatchString(v.Name + " " + v.Value) })
}

// ownPort returns our port for workers that run the image's sshd, or 0. It is for workers that cannot use the image's
// port: on the node's network it belongs to the node, and only root may listen on 22. It is not for a job whose
// author has chosen a port.
func ownPort(job *v2beta1.MPIJob, in Input) int32 {
	worker, present := mpijob.TemplateOf(job, mpijob.Worker)
	if !present || worker.Main() == nil || !worker.Spec.HostNetwork && !isNotRoot(worker) ||
		declaresSSHPort(worker.Main()) || launcherChooses(job) || len(portOfOthers(worker, in.Cluster.SSH.Port)) > 0 ||
		!worker.Spec.HostNetwork && len(probesOfImagePort(worker, in.Cluster.SSH.Port)) > 0 { // the image's sshd can have it
		return 0
	}
	return in.Cluster.SSH.Port
}

// isNotRoot reports whether a template says that its main container does not run as root.
func isNotRoot(template mpijob.Template) bool { return effectiveUID(template) != 0 }

// portOfOthers returns where containers other than the main one declare a port: they share the pod's network.
func portOfOthers(worker mpijob.Template, port int32) []*field.Path {
	var found []*field.Path
	for i, container := range worker.Containers() {
		if i == 0 || endsBefore(container.Container, i, worker.Spec) {
			continue
		}
		for j, p := range container.Ports {
			if p.ContainerPort == port && (p.Protocol == "" || p.Protocol == corev1.ProtocolTCP) {
				found = append(found, container.Path().Child("ports").Index(j).Child("containerPort"))
			}
		}
	}
	return found
}

const nodePortName = "runai-mpi-ssh"

// declaresSSHPort reports whether the author declared a port that seems to be that of sshd.
func declaresSSHPort(main *corev1.Container) bool {
	return slices.ContainsFunc(main.Ports, func(p corev1.ContainerPort) bool {
		return p.Name != nodePortName && (p.ContainerPort%100 == 22 || strings.Contains(p.Name, "ssh"))
	})
}

// declareNodePort makes the scheduler keep apart workers that would use the same port of a node.
func declareNodePort(worker mpijob.Template, port int32) {
	main := worker.Main()
	declared := slices.ContainsFunc(main.Ports, func(p corev1.ContainerPort) bool {
		return p.ContainerPort == port && (p.Protocol == "" || p.Protocol == corev1.ProtocolTCP)
	})
	if port != 0 && worker.Spec.HostNetwork && !declared {
		main.Ports = append(main.Ports, corev1.ContainerPort{Name: nodePortName, ContainerPort: port, Protocol: corev1.ProtocolTCP})
	}
}

// warnSSH warns about what can be known only when the job runs.
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
	if declaresSSHPort(worker.Main()) || slices.ContainsFunc(worker.Main().Ports, func(p corev1.ContainerPort) bool { return port != 0 && p.ContainerPort == port }) {
		return nil
	}
	return []string{worker.MainPath().Child("ports").String() + ": two workers on one node would use the same port for sshd: declare it here to keep them apart"}
}
