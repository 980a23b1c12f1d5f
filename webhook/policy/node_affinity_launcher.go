package policy

import (
	"slices"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/kai"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// confined returns the templates whose pods must be on the node types of the project.
func confined(job *v2beta1.MPIJob, in Input) []mpijob.Template {
	templates := mpijob.Templates(job)
	if !LauncherIsExempt(job, in) {
		return templates
	}
	return slices.DeleteFunc(templates, func(template mpijob.Template) bool { return template.Role == mpijob.Launcher })
}

// LauncherIsExempt reports whether the launcher may run on any node. One with devices may not: they would take the
// GPUs of other projects.
func LauncherIsExempt(job *v2beta1.MPIJob, in Input) bool {
	launcher, present := mpijob.TemplateOf(job, mpijob.Launcher)
	return present && in.Project.Spec.NodeAffinity.Launcher == v1alpha1.LauncherAny && !mpijob.LauncherWorks(job) && !requestsDevices(launcher)
}

// requestsDevices reports whether the pods of a template request GPUs, or any other resource of a device plugin: some
// plugins give a GPU to a container that requests only GPU memory.
func requestsDevices(template mpijob.Template) bool {
	for key, value := range template.Annotations {
		if kai.IsRequest(key, value) {
			return true
		}
	}
	return len(template.Spec.ResourceClaims) > 0 || slices.ContainsFunc(template.Containers(), func(container mpijob.Container) bool {
		for _, list := range []corev1.ResourceList{container.Resources.Limits, container.Resources.Requests} {
			for name, quantity := range list {
				if strings.Contains(string(name), "/") && !quantity.IsZero() {
					return true
				}
			}
		}
		return false
	})
}
