// Package mpijob walks an MPIJob (kubeflow.org/v2beta1) and validates it independently of any policy.
package mpijob

import (
	"slices"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// The roles that the MPI Operator knows.
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

// The paths of the known roles are built once, because every admission needs them.
var (
	launcherPath, workerPath         = replicaPath(Launcher), replicaPath(Worker)
	launcherTemplate, workerTemplate = launcherPath.Child("template"), workerPath.Child("template")
	launcherMain, workerMain         = mainPath(launcherTemplate), mainPath(workerTemplate)
)

// Templates returns the job's pod templates: Launcher, Worker, then any other role in alphabetical
// order. The order is fixed so that patches and errors do not change between calls.
func Templates(job *v2beta1.MPIJob) []Template {
	return appendTemplates(make([]Template, 0, 2), job) // inlined: those of the known roles are on the caller's stack
}

func appendTemplates(templates []Template, job *v2beta1.MPIJob) []Template {
	for _, role := range roles(job) {
		if template, present := TemplateOf(job, role); present {
			templates = append(templates, template)
		}
	}
	return templates
}

// TemplateOf returns the pod template of a role, or false if the job has none.
func TemplateOf(job *v2beta1.MPIJob, role v2beta1.MPIReplicaType) (Template, bool) {
	spec := job.Spec.MPIReplicaSpecs[role]
	if spec == nil {
		return Template{}, false
	}
	return Template{Role: role, PodTemplateSpec: &spec.Template, Path: templatePath(role)}, true
}

// ReplicaPath returns the path of a role, for example spec.mpiReplicaSpecs[Worker].
func ReplicaPath(role v2beta1.MPIReplicaType) *field.Path {
	switch role {
	case Launcher:
		return launcherPath
	case Worker:
		return workerPath
	}
	return replicaPath(role)
}

func replicaPath(role v2beta1.MPIReplicaType) *field.Path {
	return field.NewPath("spec", "mpiReplicaSpecs").Key(string(role))
}

func templatePath(role v2beta1.MPIReplicaType) *field.Path {
	switch role {
	case Launcher:
		return launcherTemplate
	case Worker:
		return workerTemplate
	}
	return replicaPath(role).Child("template")
}

// Main returns the template's first container, which the MPI Operator treats as the main one. It is nil
// for a template without containers: the webhooks run before the API server validates pods.
func (t Template) Main() *corev1.Container {
	if len(t.Spec.Containers) == 0 {
		return nil
	}
	return &t.Spec.Containers[0]
}

// MainPath returns the path of the main container.
func (t Template) MainPath() *field.Path {
	switch t.Role {
	case Launcher:
		return launcherMain
	case Worker:
		return workerMain
	}
	return mainPath(t.Path)
}

func mainPath(template *field.Path) *field.Path { return template.Child("spec", "containers").Index(0) }

// AnnotationsWith returns the keys of the annotations for which a function returns true, in a fixed order.
func (t Template) AnnotationsWith(wanted func(key, value string) bool) []string {
	var keys []string
	for key, value := range t.Annotations {
		if wanted(key, value) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// A Container is a container or init container of a template.
type Container struct {
	*corev1.Container
	template *field.Path
	list     string
	index    int
}

// Path returns the path of the container.
func (c Container) Path() *field.Path { return c.template.Child("spec", c.list).Index(c.index) }

// Containers returns the template's containers, then its init containers.
func (t Template) Containers() []Container {
	return t.appendContainers(make([]Container, 0, fewContainers)) // inlined: those of most templates are on the caller's stack
}

// fewContainers is the number of containers of most templates, with those of the policies.
const fewContainers = 4

func (t Template) appendContainers(all []Container) []Container {
	for i := range t.Spec.Containers {
		all = append(all, Container{&t.Spec.Containers[i], t.Path, "containers", i})
	}
	// rule T01 in test/forgery TestT01OtherIDs: another uid on an init container
	// without: for i := range t.Spec.InitContainers[:0] {
	for i := range t.Spec.InitContainers {
		all = append(all, Container{&t.Spec.InitContainers[i], t.Path, "initContainers", i})
	}
	return all
}

// Workers returns the number of workers that a job requests, or 0 if it does not set one.
func Workers(job *v2beta1.MPIJob) int32 {
	if spec := job.Spec.MPIReplicaSpecs[Worker]; spec != nil && spec.Replicas != nil {
		return *spec.Replicas
	}
	return 0
}

// LauncherWorks reports whether the launcher runs ranks as a worker does.
func LauncherWorks(job *v2beta1.MPIJob) bool {
	return job.Spec.RunLauncherAsWorker != nil && *job.Spec.RunLauncherAsWorker
}

var knownRoles = []v2beta1.MPIReplicaType{Launcher, Worker}

func roles(job *v2beta1.MPIJob) []v2beta1.MPIReplicaType {
	var others []v2beta1.MPIReplicaType
	for role := range job.Spec.MPIReplicaSpecs {
		if role != Launcher && role != Worker {
			others = append(others, role)
		}
	}
	if len(others) == 0 {
		return knownRoles
	}
	slices.Sort(others)
	// rule T01 in test/forgery TestT01OtherIDs: another uid in a role that the operator does not know
	// without: return knownRoles
	return append(slices.Clone(knownRoles), others...)
}
