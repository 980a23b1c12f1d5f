// Package mpijobtest builds MPIJobs for tests.
package mpijobtest

import (
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A Builder makes an MPIJob step by step; every step returns the builder.
type Builder struct{ job *v2beta1.MPIJob }

// MakeMPIJob starts with a valid job: a launcher that runs mpirun, and one worker.
func MakeMPIJob(name, namespace string) Builder {
	replica := func(replicas int32, container corev1.Container) *v2beta1.ReplicaSpec {
		return &v2beta1.ReplicaSpec{
			Replicas: &replicas,
			Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{container}}},
		}
	}
	return Builder{&v2beta1.MPIJob{
		TypeMeta:   metav1.TypeMeta{APIVersion: v2beta1.SchemeGroupVersion.String(), Kind: v2beta1.Kind},
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace},
		Spec: v2beta1.MPIJobSpec{
			MPIImplementation: v2beta1.MPIImplementationOpenMPI,
			MPIReplicaSpecs: map[v2beta1.MPIReplicaType]*v2beta1.ReplicaSpec{
				v2beta1.MPIReplicaTypeLauncher: replica(1, corev1.Container{Name: "mpi", Image: "example/mpi", Args: []string{"mpirun", "train"}}),
				v2beta1.MPIReplicaTypeWorker:   replica(1, corev1.Container{Name: "mpi", Image: "example/mpi"}),
			},
		},
	}}
}

// Obj returns the job.
func (b Builder) Obj() *v2beta1.MPIJob { return b.job }

// Workers sets the number of workers.
func (b Builder) Workers(n int32) Builder {
	b.job.Spec.MPIReplicaSpecs[v2beta1.MPIReplicaTypeWorker].Replicas = &n
	return b
}

// Annotation sets an annotation of the job.
func (b Builder) Annotation(key, value string) Builder {
	metav1.SetMetaDataAnnotation(&b.job.ObjectMeta, key, value)
	return b
}

// Label sets a label of the job.
func (b Builder) Label(key, value string) Builder {
	metav1.SetMetaDataLabel(&b.job.ObjectMeta, key, value)
	return b
}

// Gate puts a scheduling gate on both templates.
func (b Builder) Gate(name string) Builder {
	return b.Both(func(template *corev1.PodTemplateSpec) {
		template.Spec.SchedulingGates = append(template.Spec.SchedulingGates, corev1.PodSchedulingGate{Name: name})
	})
}

// Limit sets a resource limit of a role's main container.
func (b Builder) Limit(role v2beta1.MPIReplicaType, name corev1.ResourceName, quantity string) Builder {
	return b.Template(role, func(template *corev1.PodTemplateSpec) {
		resources := &template.Spec.Containers[0].Resources
		if resources.Limits == nil {
			resources.Limits = corev1.ResourceList{}
		}
		resources.Limits[name] = resource.MustParse(quantity)
	})
}

// Template changes the pod template of one role.
func (b Builder) Template(role v2beta1.MPIReplicaType, change func(*corev1.PodTemplateSpec)) Builder {
	change(&b.job.Spec.MPIReplicaSpecs[role].Template)
	return b
}

// Both changes both pod templates.
func (b Builder) Both(change func(*corev1.PodTemplateSpec)) Builder {
	return b.Template(v2beta1.MPIReplicaTypeLauncher, change).Template(v2beta1.MPIReplicaTypeWorker, change)
}

// Job changes anything else.
func (b Builder) Job(change func(*v2beta1.MPIJob)) Builder {
	change(b.job)
	return b
}
