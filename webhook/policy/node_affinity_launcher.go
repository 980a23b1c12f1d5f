package policy

import (
	"slices"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"

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

// LauncherIsExempt reports whether the launcher may run on any node. One with GPUs may not: they would be those of
// other projects.
func LauncherIsExempt(job *v2beta1.MPIJob, in Input) bool {
	launcher, present := mpijob.TemplateOf(job, mpijob.Launcher)
	return present && in.Project.Spec.NodeAffinity.Launcher == v1alpha1.LauncherAny && !mpijob.LauncherWorks(job) && !requestsDevices(launcher, in)
}

// requestsDevices reports whether the pods of a template request GPUs in any way.
func requestsDevices(template mpijob.Template, in Input) bool {
	for key, value := range template.Annotations {
		if kai.IsRequest(key, value) {
			return true
		}
	}
	return len(template.Spec.ResourceClaims) > 0 || slices.ContainsFunc(template.Containers(), func(container mpijob.Container) bool {
		path, _ := gpusOf(container, in.Cluster.GPU.ResourceName)
		return path != nil || len(otherGPUsOf(container, in.Cluster.GPU.ResourceName)) > 0
	})
}
