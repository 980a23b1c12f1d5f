package forgery

import (
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

func annotated(key, value string) func(*v2beta1.MPIJob) {
	return inTemplates(func(template *corev1.PodTemplateSpec) { metav1.SetMetaDataAnnotation(&template.ObjectMeta, key, value) })
}

// A user writes annotations that container runtimes, their plugins or injectors read, on creation and afterwards.
func TestT31RuntimeAnnotations(t *testing.T) {
	const reason = "ask your administrator to list it in identity.podAnnotations"
	var attempts []attempt
	for _, key := range []string{
		"io.katacontainers.config.hypervisor.kernel_params", "dev.gvisor.spec.mount.a.source", "io.kubernetes.cri.untrusted-workload",
		"cdi.k8s.io/gpu", "devices.nri.io/container.mpi", "ulimits.nri.containerd.io/container.mpi", "io.kubernetes.cri.rdt-class",
		"k8s.v1.cni.cncf.io/networks", "vault.hashicorp.com/agent-inject", "sidecar.istio.io/inject", "sub.kueue.x-k8s.io/a",
		"kueue.x-k8s.io.evil.com/a", "example.com/anything", "anything", "gpu-fraction.example.com/a",
	} {
		attempts = append(attempts, attempt{key, annotated(key, "x"), reason})
	}
	try(t, "t31", attempts)
	namespace, alice := product.AddProject(t, "t31-listed", required), login(t, broker, alices)
	queue := annotated("kueue.x-k8s.io/podset-required-topology", "rack")
	isAdmitted(t, alice, namespace, "what a queue reads", queue)
	isAdmitted(t, alice, namespace, "what an autoscaler reads", annotated("cluster-autoscaler.kubernetes.io/safe-to-evict", "false"))
	suite.Create(t, alice, mpijobtest.MakeMPIJob("stored", namespace).Obj())
	err := retry.RetryOnConflict(retry.DefaultBackoff, func() error { // the operator updates the job, too
		stored := product.Job(t, namespace, "stored")
		queue(stored)
		return alice.Update(t.Context(), stored)
	})
	if err != nil {
		t.Errorf("what a queue writes: %s", err)
	}
}

// A user writes a stamp or an intent on pod templates, also without an identity.
func TestT32IntentsOnTemplates(t *testing.T) {
	attempts := []attempt{
		{"a stamp", annotated(annotations.SubmittedByKey, forgedStamp), "is written by the webhook, and on the job only"},
		{"applied policies", annotated(annotations.AppliedPoliciesKey, "identity"), "is written by the webhook, and on the job only"},
		{"an intent", annotated(annotations.RunAsUserKey, "false"), "is not allowed on a pod template"},
		{"an unknown key", annotated(annotations.Prefix+"unknown", "x"), "is not allowed on a pod template"},
	}
	try(t, "t32", attempts)
	disabled := v1alpha1.ProjectSpec{Identity: v1alpha1.IdentityDisabled}
	namespace, alice := product.AddProject(t, "t32-disabled", disabled), login(t, broker, alices)
	for _, a := range attempts {
		job := mpijobtest.MakeMPIJob("tried", namespace).Obj()
		a.change(job)
		isRefused(t, a.name+" without an identity", alice.Create(t.Context(), job), a.reason)
	}
}
