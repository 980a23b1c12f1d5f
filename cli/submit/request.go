package submit

import (
	"slices"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
)

// containerName is the original's name of the container in both roles.
const containerName = "mpi"

// A Request is the job that the flags describe.
type Request struct {
	Intent annotations.Intent

	Workers, Slots int32
	BackoffLimit   *int32
	MPI            v2beta1.MPIImplementation // "": the operator's default, Open MPI

	Container   corev1.Container // of both roles, without command and args
	Command     []string         // of the launcher
	Args        []string         // of the launcher
	Volumes     []mounted        // of both roles
	Claims      []Claim          // of both roles
	HostIPC     bool
	HostNetwork bool

	credential   *credential // of the repository
	needsWebhook []string    // the flags that have no effect without a webhook, as they were typed

	exported *v2beta1.MPIJob // a stored job to submit as it is, in place of all else
}

// Job returns the MPIJob: what the flags set, annotations for what the webhook decides, and the gate that
// keeps the pods from being scheduled until the webhook has admitted the job.
func (r Request) Job(name, namespace string) *v2beta1.MPIJob {
	if r.exported != nil {
		job := r.exported.DeepCopy()
		job.Name, job.Namespace = name, namespace
		return job
	}
	intent := r.Intent
	if r.credential != nil {
		intent.GitSyncSecret = secretOf(name)
	}
	running := v2beta1.CleanPodPolicyRunning
	launcher, worker := r.replica(name, 1), r.replica(name, r.Workers)
	launcher.Template.Spec.Containers[0].Command = r.Command
	launcher.Template.Spec.Containers[0].Args = r.Args
	launcher.RestartPolicy = v2beta1.RestartPolicyNever // OnFailure would delete the pod and its log at the last retry
	return &v2beta1.MPIJob{
		TypeMeta:   metav1.TypeMeta{APIVersion: v2beta1.SchemeGroupVersion.String(), Kind: v2beta1.Kind},
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace, Annotations: intent.Annotations()},
		Spec: v2beta1.MPIJobSpec{
			SlotsPerWorker:    &r.Slots,
			MPIImplementation: r.MPI,
			RunPolicy:         v2beta1.RunPolicy{CleanPodPolicy: &running, BackoffLimit: r.BackoffLimit},
			MPIReplicaSpecs: map[v2beta1.MPIReplicaType]*v2beta1.ReplicaSpec{
				v2beta1.MPIReplicaTypeLauncher: launcher,
				v2beta1.MPIReplicaTypeWorker:   worker,
			},
		},
	}
}

func (r Request) replica(job string, replicas int32) *v2beta1.ReplicaSpec {
	spec := corev1.PodSpec{
		Containers:      []corev1.Container{*r.Container.DeepCopy()},
		HostIPC:         r.HostIPC,
		HostNetwork:     r.HostNetwork,
		SchedulingGates: []corev1.PodSchedulingGate{{Name: annotations.AdmissionGate}},
	}
	for _, m := range r.mounts(job) {
		spec.Volumes = append(spec.Volumes, *m.volume.DeepCopy())
		spec.Containers[0].VolumeMounts = append(spec.Containers[0].VolumeMounts, m.mount)
	}
	return &v2beta1.ReplicaSpec{Replicas: &replicas, Template: corev1.PodTemplateSpec{Spec: spec}}
}

// mounts returns the volumes of the flags, claims first.
func (r Request) mounts(job string) []mounted {
	all := make([]mounted, 0, len(r.Claims)+len(r.Volumes))
	for i, claim := range r.Claims {
		all = append(all, claim.mountIn(job, i))
	}
	return append(all, r.Volumes...)
}

// createsClaims reports whether the job has new claims.
func (r Request) createsClaims() bool {
	return slices.ContainsFunc(r.Claims, func(claim Claim) bool { return claim.Existing == "" })
}

// newClaims returns the claims to create for a job of this name.
func (r Request) newClaims(job, namespace string) []*unstructured.Unstructured {
	var all []*unstructured.Unstructured
	for i, claim := range r.Claims {
		if claim.Existing == "" {
			all = append(all, claim.object(job, namespace, i))
		}
	}
	return all
}
