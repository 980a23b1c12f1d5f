package forgery

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
)

// Pods that are no MPIJob's: the documented policy of the cluster refuses them, and lets MPIJobs be.
func TestT26OtherPods(t *testing.T) {
	namespace, alice := addProject(t, "t26", required), login(t, broker, alices)
	root, err := binaries.RepositoryRoot()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "config", "samples", "only-the-operator-makes-pods.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	here, err := whoami(t.Context(), product.Client) // here all controllers are the administrator
	if err != nil {
		t.Fatal(err)
	}
	documented := strings.NewReplacer("system:serviceaccount:mpi-operator:mpi-operator", here.Username, "system:serviceaccount:kube-system:job-controller", here.Username).Replace(string(text))
	if _, stderr, err := product.Kubectl(t.Context(), strings.NewReader(documented), "create", "-f", "-"); err != nil {
		t.Fatal(stderr)
	}
	defer func() {
		_, _, _ = product.Kubectl(context.WithoutCancel(t.Context()), strings.NewReader(documented), "delete", "-f", "-")
	}()
	uid := int64(1001)
	spec := corev1.PodSpec{RestartPolicy: corev1.RestartPolicyNever, SecurityContext: &corev1.PodSecurityContext{RunAsUser: &uid}, Containers: []corev1.Container{{Name: "steal", Image: "x"}}}
	pod := func() *corev1.Pod {
		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "steal", Namespace: namespace}, Spec: spec}
	}
	eventually(t, "a pod is refused", func(ctx context.Context) bool {
		err := alice.Create(ctx, pod(), client.DryRunAll)
		return err != nil && strings.Contains(err.Error(), "only the MPI operator makes pods")
	})
	job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: "steal", Namespace: namespace}, Spec: batchv1.JobSpec{Template: corev1.PodTemplateSpec{Spec: spec}}}
	if err := alice.Create(t.Context(), job); err == nil || !strings.Contains(err.Error(), "only the MPI operator makes pods") {
		t.Errorf("a job: got %v", err)
	}
	create(t, alice, mpijobtest.MakeMPIJob("dist1", namespace).Obj())
	var pods corev1.PodList
	eventually(t, "the pods of an MPIJob are there", func(ctx context.Context) bool {
		return product.Client.List(ctx, &pods, client.InNamespace(namespace)) == nil && len(pods.Items) == 2
	})
	injected := pod() // as the operator would make it, and another webhook change it
	alicesUID := int64(1234567)
	injected.Spec.SecurityContext = &corev1.PodSecurityContext{RunAsUser: &alicesUID}
	injected.Spec.Containers[0].SecurityContext = &corev1.SecurityContext{RunAsUser: &uid}
	if err := product.Client.Create(t.Context(), injected, client.DryRunAll); err == nil || !strings.Contains(err.Error(), "a container runs as somebody else than its pod") {
		t.Errorf("an injected container: got %v", err)
	}
	mine := pods.Items[0].DeepCopy()
	mine.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "e", Image: "x"}}}
	if err := alice.SubResource("ephemeralcontainers").Update(t.Context(), mine); err == nil || !strings.Contains(err.Error(), "nobody adds containers") {
		t.Errorf("an ephemeral container: got %v", err)
	}
	mine = pods.Items[0].DeepCopy()
	mine.Spec.Containers[0].Image = "example/steal"
	if err := alice.Update(t.Context(), mine); err == nil || !strings.Contains(err.Error(), "nobody changes the images") {
		t.Errorf("an image: got %v", err)
	}
}
