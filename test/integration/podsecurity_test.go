package integration

import (
	"errors"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// If the API server would refuse the operator's pods, the webhook refuses the job, and the remedy
// in its message works.
func TestPodSecurityOfTheNamespace(t *testing.T) {
	namespace := product.AddProject(t, "confined", v1alpha1.ProjectSpec{})
	labelled := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}
	const restricted = `{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"restricted"}}}`
	if err := mergePatch(t, product.Client, labelled, restricted); err != nil {
		t.Fatal(err)
	}
	alice := as(t, "saml:alice", claims)
	want := "runai: --run-as-user: namespace runai-confined enforces the Pod Security Standard \"restricted\": " +
		"use --run-as-user to run as yourself, or set runAsNonRoot: true and seccompProfile.type: RuntimeDefault on the pod, " +
		"and allowPrivilegeEscalation: false and capabilities.drop: [ALL] on container \"mpi\"\n"
	var stderr string
	suite.Eventually(t, "the webhook sees the label", suite.Soon, func() error {
		_, stderr, _ = product.RunaiAs(t, alice.Kubeconfig(), "submit-mpi", "dist1", "-n", namespace, "-i", "x", "--dry-run=server")
		if stderr == "" {
			return errors.New("the job is admitted")
		}
		return nil
	})
	if stderr != want {
		t.Errorf("got  %swant %s", stderr, want)
	}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "same", Namespace: namespace}}
	pod.Spec = mpijobtest.MakeMPIJob("", "").Obj().Spec.MPIReplicaSpecs["Worker"].Template.Spec
	if err := suite.Refused(product.Client.Create(t.Context(), pod), "violates PodSecurity"); err != nil {
		t.Errorf("a pod of the job, created directly: %s", err)
	}
	job := mpijobtest.MakeMPIJob("dist1", namespace).Annotation(annotations.RunAsUserKey, "true").Obj()
	suite.Create(t, product.ClientOf(t, alice), job)
	podsOf(t, product.Job(t, namespace, "dist1"))
}
