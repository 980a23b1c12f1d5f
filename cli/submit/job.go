package submit

import (
	"slices"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

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
	Volumes     []mounted        // of both roles
	Claims      []Claim          // of both roles
	HostIPC     bool
	HostNetwork bool

	credential *credential // of the repository
}

// Job is the lean MPIJob: what the user said, and the gate that keeps its pods from being scheduled
// until the webhook has judged it. Everything that only the cluster can decide is an annotation.
func (o Options) Job(name, namespace string) *v2beta1.MPIJob {
	intent := o.Intent
	if o.credential != nil {
		intent.GitSyncSecret = secretOf(name)
	}
	running := v2beta1.CleanPodPolicyRunning
	launcher, worker := o.replica(name, 1), o.replica(name, o.Workers)
	launcher.Template.Spec.Containers[0].Command = o.Command
	launcher.Template.Spec.Containers[0].Args = o.Args
	launcher.RestartPolicy = v2beta1.RestartPolicyNever // OnFailure deletes the pod and its log at the last retry
	return &v2beta1.MPIJob{
		TypeMeta:   metav1.TypeMeta{APIVersion: v2beta1.SchemeGroupVersion.String(), Kind: v2beta1.Kind},
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace, Annotations: intent.Annotations()},
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

func (o Options) replica(job string, replicas int32) *v2beta1.ReplicaSpec {
	spec := corev1.PodSpec{
		Containers:      []corev1.Container{*o.Container.DeepCopy()},
		HostIPC:         o.HostIPC,
		HostNetwork:     o.HostNetwork,
		SchedulingGates: []corev1.PodSchedulingGate{{Name: annotations.AdmissionGate}},
	}
	for _, m := range o.mounts(job) {
		spec.Volumes = append(spec.Volumes, *m.volume.DeepCopy())
		spec.Containers[0].VolumeMounts = append(spec.Containers[0].VolumeMounts, m.mount)
	}
	return &v2beta1.ReplicaSpec{Replicas: &replicas, Template: corev1.PodTemplateSpec{Spec: spec}}
}

// mounts are the volumes of the flags, claims first.
func (o Options) mounts(job string) []mounted {
	all := make([]mounted, 0, len(o.Claims)+len(o.Volumes))
	for i, claim := range o.Claims {
		all = append(all, claim.mountIn(job, i))
	}
	return append(all, o.Volumes...)
}

// createsClaims tells whether the job needs claims that do not exist.
func (o Options) createsClaims() bool {
	return slices.ContainsFunc(o.Claims, func(claim Claim) bool { return claim.Existing == "" })
}

// newClaims are the claims to create with a job of this name.
func (o Options) newClaims(job, namespace string) []*unstructured.Unstructured {
	var all []*unstructured.Unstructured
	for i, claim := range o.Claims {
		if claim.Existing == "" {
			all = append(all, claim.object(job, namespace, i))
		}
	}
	return all
}
