package forgery

import (
	"fmt"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

var required = v1alpha1.ProjectSpec{Identity: v1alpha1.IdentityRequired}

var optional = v1alpha1.ProjectSpec{Identity: v1alpha1.IdentityOptional}

// refusal returns an error unless an answer is a refusal for this reason. A replica with another cluster policy
// tells the client to try again.
func refusal(answer error, reason string) error {
	if answer != nil && !apierrors.IsInvalid(answer) && (!*differ || !apierrors.IsServiceUnavailable(answer)) {
		return fmt.Errorf("not a refusal: %w", answer)
	}
	return suite.Refused(answer, reason)
}

// isRefused asserts that an answer is a refusal for this reason, so that it comes from the rule under test.
func isRefused(t *testing.T, what string, answer error, reason string) {
	t.Helper()
	if err := refusal(answer, reason); err != nil {
		t.Errorf("%s: %s", what, err)
	}
}

// runsAs asserts that a stored job runs as one identity and is stamped with it.
func runsAs(t *testing.T, job *v2beta1.MPIJob, username string, uid, gid int64) {
	t.Helper()
	stamp, err := annotations.ParseStamp(job.Annotations)
	if err != nil || stamp == nil || stamp.Identity == nil {
		t.Fatalf("%s has no stamp: %v", job.Name, err)
	}
	if stamp.Username != username || stamp.Identity.UID != uid || stamp.Identity.GID != gid {
		t.Errorf("the stamp is %s", stamp)
	}
	for role, spec := range job.Spec.MPIReplicaSpecs {
		context := spec.Template.Spec.SecurityContext
		if context == nil || *context.RunAsUser != uid || *context.RunAsGroup != gid {
			t.Errorf("%s has %+v", role, context)
		}
	}
}

// An attempt is a change that a user makes to their own job.
type attempt struct {
	name   string
	change func(*v2beta1.MPIJob)
	reason string // of the refusal
}

func inWorker(change func(*corev1.PodSpec)) func(*v2beta1.MPIJob) {
	return func(job *v2beta1.MPIJob) {
		change(&job.Spec.MPIReplicaSpecs[v2beta1.MPIReplicaTypeWorker].Template.Spec)
	}
}

func inLauncher(change func(*corev1.PodSpec)) func(*v2beta1.MPIJob) {
	return func(job *v2beta1.MPIJob) {
		change(&job.Spec.MPIReplicaSpecs[v2beta1.MPIReplicaTypeLauncher].Template.Spec)
	}
}

func securityOf(spec *corev1.PodSpec) *corev1.PodSecurityContext {
	if spec.SecurityContext == nil {
		spec.SecurityContext = &corev1.PodSecurityContext{}
	}
	return spec.SecurityContext
}

func containerSecurityOf(spec *corev1.PodSpec) *corev1.SecurityContext {
	if spec.Containers[0].SecurityContext == nil {
		spec.Containers[0].SecurityContext = &corev1.SecurityContext{}
	}
	return spec.Containers[0].SecurityContext
}

func inTemplates(change func(*corev1.PodTemplateSpec)) func(*v2beta1.MPIJob) {
	return func(job *v2beta1.MPIJob) {
		for _, role := range job.Spec.MPIReplicaSpecs {
			change(&role.Template)
		}
	}
}

// mounting returns a change that mounts a volume in a worker.
func mounting(source corev1.VolumeSource, mount corev1.VolumeMount) func(*v2beta1.MPIJob) {
	return inWorker(func(spec *corev1.PodSpec) {
		mount.Name = "reach"
		spec.Volumes = append(spec.Volumes, corev1.Volume{Name: mount.Name, VolumeSource: source})
		spec.Containers[0].VolumeMounts = append(spec.Containers[0].VolumeMounts, mount)
	})
}

// The volumes that are accepted everywhere, and a claim.
var (
	ownDirectory = corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}
	settings     = corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
		LocalObjectReference: corev1.LocalObjectReference{Name: "settings"},
	}}
	claim = corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "team"}}
)

func volume(source corev1.VolumeSource) func(*v2beta1.MPIJob) {
	return mounting(source, corev1.VolumeMount{MountPath: "/reach"})
}

// isAdmitted asserts that a user may do what is like an attempt, but harmless.
func isAdmitted(t *testing.T, user client.Client, namespace, name string, change func(*v2beta1.MPIJob)) *v2beta1.MPIJob {
	t.Helper()
	job := mpijobtest.MakeMPIJob("admitted", namespace).Workers(2).Obj()
	change(job)
	if err := user.Create(t.Context(), job, client.DryRunAll); err != nil {
		t.Errorf("%s: %s", name, err)
	}
	return job
}

// try makes every attempt when alice creates a job, and then as an update of an admitted one.
func try(t *testing.T, project string, attempts []attempt) {
	t.Helper()
	namespace, alice := product.AddProject(t, project, required), login(t, broker, alices)
	for _, a := range attempts {
		job := mpijobtest.MakeMPIJob("tried", namespace).Workers(2).Obj()
		a.change(job)
		isRefused(t, "create "+a.name, alice.Create(t.Context(), job), a.reason)
	}
	suite.Create(t, alice, mpijobtest.MakeMPIJob("stored", namespace).Workers(2).Obj())
	for _, a := range attempts {
		job := product.Job(t, namespace, "stored")
		a.change(job)
		isRefused(t, "update "+a.name, alice.Update(t.Context(), job), "cannot be changed after submission")
	}
	runsAs(t, product.Job(t, namespace, "stored"), "saml:alice", 1234567, 54000)
}
