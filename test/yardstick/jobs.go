package yardstick

import (
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

// Job returns a job of about 4 KB as the API server sends it, with every intent but an identity.
func Job(namespace, project string) *v2beta1.MPIJob {
	return mpijobtest.MakeMPIJob("dist1", namespace).Workers(2).Gate(annotations.AdmissionGate).
		Annotation(annotations.ProjectKey, project).Annotation(annotations.GPUKey, "2").
		Annotation(annotations.NodeTypeKey, "dgx").Annotation(annotations.LargeShmKey, "8Gi").
		Both(fill).Job(func(job *v2beta1.MPIJob) {
		job.ManagedFields = []metav1.ManagedFieldsEntry{{
			Manager: "runai", Operation: metav1.ManagedFieldsOperationUpdate, APIVersion: v2beta1.SchemeGroupVersion.String(),
			FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(managedFields),
		}}
	}).Obj()
}

// fill adds variables and volumes, as most jobs have them.
func fill(template *corev1.PodTemplateSpec) {
	container := &template.Spec.Containers[0]
	for _, name := range []string{
		"BATCH_SIZE", "LEARNING_RATE", "EPOCHS", "NCCL_DEBUG", "NCCL_IB_DISABLE", "OMP_NUM_THREADS", "DATASET", "CHECKPOINTS",
	} {
		container.Env = append(container.Env, corev1.EnvVar{Name: name, Value: "a value of some length for " + name})
	}
	for _, name := range []string{"data", "checkpoints", "home", "scratch"} {
		container.VolumeMounts = append(container.VolumeMounts, corev1.VolumeMount{Name: name, MountPath: "/mnt/" + name})
		template.Spec.Volumes = append(template.Spec.Volumes, corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "claim-of-" + name},
		}})
	}
}

// AsUser adds the intents that add most to a job: an identity, a home, ssh, and code from git.
func AsUser(job *v2beta1.MPIJob) *v2beta1.MPIJob {
	job.Annotations[annotations.RunAsUserKey] = "true"
	job.Annotations[annotations.GitSyncKey] = "source=https://git.example.com/code"
	job.Annotations[annotations.GitSyncSecretKey] = "git"
	return job
}

// managedFields is what the API server adds to a created object.
const managedFields = `{"f:metadata":{"f:annotations":{".":{},"f:run.ai/gpu":{},` +
	`"f:run.ai/large-shm":{},"f:run.ai/node-type":{},"f:run.ai/project":{}}},` +
	`"f:spec":{".":{},"f:launcherCreationPolicy":{},"f:mpiImplementation":{},"f:mpiReplicaSpecs":{".":{},` +
	`"f:Launcher":{".":{},"f:replicas":{},` +
	`"f:template":{".":{},"f:spec":{".":{},"f:containers":{},"f:schedulingGates":{},"f:volumes":{}}}},"f:Worker":{".":{},"f:replicas":{},` +
	`"f:template":{".":{},"f:spec":{".":{},"f:containers":{},"f:schedulingGates":{},"f:volumes":{}}}}},"f:runLauncherAsWorker":{},` +
	`"f:runPolicy":{".":{},"f:cleanPodPolicy":{},"f:suspend":{}},"f:slotsPerWorker":{},"f:sshAuthMountPath":{}}}`
