package integration

import (
	"context"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

// What the API server would refuse of the operator is refused of the user, and with the remedy that the
// refusal names the pods come.
func TestPodSecurityOfTheNamespace(t *testing.T) {
	namespace := addProject(t, "confined", v1alpha1.ProjectSpec{})
	labelled := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}
	patch := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"restricted"}}}`))
	if err := product.Client.Patch(t.Context(), labelled, patch); err != nil {
		t.Fatal(err)
	}
	alice := as(t, "saml:alice", claims)
	want := "runai: --run-as-user is needed, because namespace runai-confined enforces the Pod Security Standard restricted, which forbids allowPrivilegeEscalation != false, " +
		"unrestricted capabilities, runAsNonRoot != true, seccompProfile: write true, and the job runs as you, or write security contexts that satisfy it\n"
	var stderr string
	eventually(t, "the webhook knows of the label", func(ctx context.Context) bool {
		_, stderr, _ = runaiWith(ctx, t, alice.Kubeconfig(), "submit-mpi", "dist1", "-n", namespace, "-i", "x", "--dry-run=server")
		return stderr != ""
	})
	if stderr != want {
		t.Errorf("got  %swant %s", stderr, want)
	}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "same", Namespace: namespace}, Spec: mpijobtest.MakeMPIJob("", "").Obj().Spec.MPIReplicaSpecs["Worker"].Template.Spec}
	if err := product.Client.Create(t.Context(), pod); err == nil || !strings.Contains(err.Error(), "violates PodSecurity") {
		t.Errorf("such a pod: got %v", err)
	}
	job := mpijobtest.MakeMPIJob("dist1", namespace).Annotation(annotations.RunAsUserKey, "true").Obj()
	if err := clientOf(t, alice).Create(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	podsOf(t, get(t, namespace, "dist1"))
}
