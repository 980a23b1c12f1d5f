package policy

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// undoSSH removes the files, the command, the agent, the port, the probe and the path of the keys, whose
// default is the CRD's.
func undoSSH(u Undoing) {
	if keys := &u.Job.Spec.SSHAuthMountPath; *keys == keysDir || *keys == rootKeysDir && u.Stored != nil {
		*keys = ""
	}
	u.each(func(template mpijob.Template, was *corev1.PodTemplateSpec) {
		maps.DeleteFunc(template.Annotations, func(key, _ string) bool { return strings.HasPrefix(key, annotations.FilesPrefix) })
		main := template.Main()
		if main == nil {
			return
		}
		if isOurSSHD(main) {
			clearEqual(&main.Command, mainOf(was).Command)
		}
		removeFrom(&main.Ports, mainOf(was).Ports, func(p corev1.ContainerPort) bool { return p.Name == nodePortName })
	})
	u.removeEnv(func(v corev1.EnvVar) bool {
		return v.Value == agentFile && slices.Contains(agentVariables(), v.Name) || v.Name == launcherAddressEnv && v.ValueFrom != nil
	}, mpijob.Launcher)
	u.removeProbe(func(probe *corev1.Probe) bool {
		socket := probe.TCPSocket
		return socket != nil && equality.Semantic.DeepEqual(probe, listens(corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: socket.Port}}))
	})
}

// removeProbe removes a readiness probe of ours from the main containers.
func (u Undoing) removeProbe(ours func(*corev1.Probe) bool) {
	u.each(func(template mpijob.Template, was *corev1.PodTemplateSpec) {
		if main := template.Main(); main != nil && main.ReadinessProbe != nil && ours(main.ReadinessProbe) {
			clearEqual(&main.ReadinessProbe, mainOf(was).ReadinessProbe)
		}
	})
}
