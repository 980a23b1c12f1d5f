package submit

import (
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
)

// containerName is what the original called the container of both roles.
const containerName = "mpi"

// Options are the flags, checked and read.
type Options struct {
	Intent annotations.Intent

	Workers, Slots int32
	BackoffLimit   *int32

	Container   corev1.Container // of both roles, without command and args
	Command     []string         // of the launcher
	Args        []string         // of the launcher
	HostIPC     bool
	HostNetwork bool
}

// Job is the lean MPIJob: what the user said, and the gate that keeps its pods from being scheduled
// until the webhook has judged it. Everything that only the cluster can decide is an annotation.
func (o Options) Job(name, namespace string) *v2beta1.MPIJob {
	running := v2beta1.CleanPodPolicyRunning
	launcher, worker := o.replica(1), o.replica(o.Workers)
	launcher.Template.Spec.Containers[0].Command = o.Command
	launcher.Template.Spec.Containers[0].Args = o.Args
	launcher.RestartPolicy = v2beta1.RestartPolicyNever // OnFailure deletes the pod and its log at the last retry
	return &v2beta1.MPIJob{
		TypeMeta:   metav1.TypeMeta{APIVersion: v2beta1.SchemeGroupVersion.String(), Kind: v2beta1.Kind},
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace, Annotations: o.Intent.Annotations()},
		Spec: v2beta1.MPIJobSpec{
			SlotsPerWorker: &o.Slots,
			RunPolicy:      v2beta1.RunPolicy{CleanPodPolicy: &running, BackoffLimit: o.BackoffLimit},
			MPIReplicaSpecs: map[v2beta1.MPIReplicaType]*v2beta1.ReplicaSpec{
				v2beta1.MPIReplicaTypeLauncher: launcher,
				v2beta1.MPIReplicaTypeWorker:   worker,
			},
		},
	}
}

func (o Options) replica(replicas int32) *v2beta1.ReplicaSpec {
	return &v2beta1.ReplicaSpec{
		Replicas: &replicas,
		Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{
			Containers:      []corev1.Container{*o.Container.DeepCopy()},
			HostIPC:         o.HostIPC,
			HostNetwork:     o.HostNetwork,
			SchedulingGates: []corev1.PodSchedulingGate{{Name: annotations.AdmissionGate}},
		}},
	}
}
