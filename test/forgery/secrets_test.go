package forgery

import (
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

// references returns every way in which a job can read a Secret.
func references(secret string) map[string]func(*v2beta1.MPIJob) {
	local := corev1.LocalObjectReference{Name: secret}
	variable := corev1.EnvVar{Name: "STOLEN", ValueFrom: &corev1.EnvVarSource{
		SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: local, Key: "ssh-privatekey"},
	}}
	all := []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: local}}}
	extra := func(container corev1.Container) func(*v2beta1.MPIJob) {
		container.Name, container.Image = "extra", "x"
		return inLauncher(func(spec *corev1.PodSpec) { spec.InitContainers = append(spec.InitContainers, container) })
	}
	return map[string]func(*v2beta1.MPIJob){
		"a volume": volume(corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: secret}}),
		"a projected volume": volume(corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{
			Sources: []corev1.VolumeProjection{{Secret: &corev1.SecretProjection{LocalObjectReference: local}}},
		}}),
		"a driver": volume(corev1.VolumeSource{CSI: &corev1.CSIVolumeSource{Driver: "vault.example.com", NodePublishSecretRef: &local}}),
		"a variable": inWorker(func(spec *corev1.PodSpec) {
			spec.Containers[0].Env = append(spec.Containers[0].Env, variable)
		}),
		"all variables":                   inWorker(func(spec *corev1.PodSpec) { spec.Containers[0].EnvFrom = all }),
		"a variable of an init container": extra(corev1.Container{Env: []corev1.EnvVar{variable}}),
		"all of an init container":        extra(corev1.Container{EnvFrom: all}),
		"git": func(job *v2beta1.MPIJob) {
			job.Annotations = map[string]string{
				annotations.GitSyncKey: "source=git@git.example.com:code", annotations.GitSyncSecretKey: secret,
			}
		},
	}
}

// A user reads the key or the credentials of another user's job, which needs no permission on Secrets.
func TestT33OthersSecrets(t *testing.T) {
	const reason = "names a Secret of another job"
	var attempts []attempt
	for _, secret := range []string{"bobs-ssh", "bobs-git-sync", "tried-x-ssh", "x-tried-git-sync", "future-ssh"} {
		for name, change := range references(secret) {
			attempts = append(attempts, attempt{secret + " by " + name, change, reason})
		}
	}
	attempts = append(attempts, attempt{"the intent", references("bobs-git-sync")["git"],
		`metadata.annotations[run.ai/git-sync-secret]: Invalid value: "bobs-git-sync": names a Secret of another job`})
	attempts = append(attempts, attempt{"a Secret in another role", func(job *v2beta1.MPIJob) {
		other := job.Spec.MPIReplicaSpecs[v2beta1.MPIReplicaTypeWorker].DeepCopy()
		other.Template.Spec.Containers[0].EnvFrom = []corev1.EnvFromSource{
			{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "bobs-ssh"}}},
		}
		job.Spec.MPIReplicaSpecs["Other"] = other
	}, reason})
	try(t, "t33", attempts)
	namespace, alice := product.AddProject(t, "t33-own", required), login(t, broker, alices)
	generated := mpijobtest.MakeMPIJob("", namespace).Obj()
	generated.GenerateName = "bobs"
	references("bobs-ssh")["a volume"](generated)
	isRefused(t, "a generated name", alice.Create(t.Context(), generated), reason)
	for _, secret := range []string{"admitted-ssh", "admitted-git-sync", "wandb", "ssh", "bobs-ssh-key"} {
		for name, change := range references(secret) {
			isAdmitted(t, alice, namespace, secret+" by "+name, change)
		}
	}
	optional := product.AddProject(t, "t33-optional", v1alpha1.ProjectSpec{})
	isAdmitted(t, alice, optional, "any Secret without identities", references("bobs-ssh")["a volume"])
}
