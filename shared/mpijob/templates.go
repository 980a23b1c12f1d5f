// Package mpijob walks an MPIJob (kubeflow.org/v2beta1), and judges what is wrong with one
// whatever the cluster's policy.
package mpijob

import (
	"slices"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// The roles that the MPI operator knows.
const (
	Launcher = v2beta1.MPIReplicaTypeLauncher
	Worker   = v2beta1.MPIReplicaTypeWorker
)

// A Template is the pod template of one role of an MPIJob, with its path for errors.
type Template struct {
	Role v2beta1.MPIReplicaType
	*corev1.PodTemplateSpec
	Path *field.Path
}

// Templates returns the pod templates that a job has: Launcher, Worker, then any other key in
// alphabetical order. The order is fixed so that patches and errors do not change between calls.
func Templates(job *v2beta1.MPIJob) []Template {
	templates := make([]Template, 0, len(job.Spec.MPIReplicaSpecs))
	for _, role := range roles(job) {
		if spec := job.Spec.MPIReplicaSpecs[role]; spec != nil {
			templates = append(templates, Template{Role: role, PodTemplateSpec: &spec.Template, Path: ReplicaPath(role).Child("template")})
		}
	}
	return templates
}

// TemplateOf returns the pod template of a role, or false where the job has none.
func TemplateOf(job *v2beta1.MPIJob, role v2beta1.MPIReplicaType) (Template, bool) {
	spec := job.Spec.MPIReplicaSpecs[role]
	if spec == nil {
		return Template{}, false
	}
	return Template{Role: role, PodTemplateSpec: &spec.Template, Path: ReplicaPath(role).Child("template")}, true
}

// ReplicaPath is the path of a role: spec.mpiReplicaSpecs[Worker].
func ReplicaPath(role v2beta1.MPIReplicaType) *field.Path {
	return field.NewPath("spec", "mpiReplicaSpecs").Key(string(role))
}

// Main returns the template's main container, the one that the MPI operator treats as such: the
// first. It is nil where there is none, since admission comes before the API server's validation.
func (t Template) Main() *corev1.Container {
	if len(t.Spec.Containers) == 0 {
		return nil
	}
	return &t.Spec.Containers[0]
}

// MainPath is the path of the main container.
func (t Template) MainPath() *field.Path { return t.Path.Child("spec", "containers").Index(0) }

// A Container is a container or init container of a template, with its path for errors.
type Container struct {
	*corev1.Container
	Path *field.Path
}

// Containers returns the template's containers, then its init containers.
func (t Template) Containers() []Container {
	all := make([]Container, 0, len(t.Spec.Containers)+len(t.Spec.InitContainers))
	for i := range t.Spec.Containers {
		all = append(all, Container{&t.Spec.Containers[i], t.Path.Child("spec", "containers").Index(i)})
	}
	for i := range t.Spec.InitContainers {
		all = append(all, Container{&t.Spec.InitContainers[i], t.Path.Child("spec", "initContainers").Index(i)})
	}
	return all
}

// Workers returns the number of workers that a job asks for, 0 where it has or says none.
func Workers(job *v2beta1.MPIJob) int32 {
	if spec := job.Spec.MPIReplicaSpecs[Worker]; spec != nil && spec.Replicas != nil {
		return *spec.Replicas
	}
	return 0
}

// LauncherWorks tells whether the launcher takes part in the computation as a worker does.
func LauncherWorks(job *v2beta1.MPIJob) bool {
	return job.Spec.RunLauncherAsWorker != nil && *job.Spec.RunLauncherAsWorker
}

func roles(job *v2beta1.MPIJob) []v2beta1.MPIReplicaType {
	known := []v2beta1.MPIReplicaType{Launcher, Worker}
	if len(job.Spec.MPIReplicaSpecs) <= len(known) && onlyKnown(job) {
		return known
	}
	all := slices.Clone(known)
	for role := range job.Spec.MPIReplicaSpecs {
		if role != Launcher && role != Worker {
			all = append(all, role)
		}
	}
	slices.SortFunc(all[len(known):], func(a, b v2beta1.MPIReplicaType) int { return strings.Compare(string(a), string(b)) })
	return all
}

func onlyKnown(job *v2beta1.MPIJob) bool {
	for role := range job.Spec.MPIReplicaSpecs {
		if role != Launcher && role != Worker {
			return false
		}
	}
	return true
}
