package policy

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// undoSSH removes the files, the command, the agent, the port and the path of the keys, whose
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
		return v.Value == agentFile && slices.Contains(agentVariables, v.Name) || v.Name == launcherAddressEnv && v.ValueFrom != nil
	}, mpijob.Launcher)
}
