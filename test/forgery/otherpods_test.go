package forgery

import (
	"context"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/chart"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// applyBackstop creates the chart's admission policy of pods until the end of the test.
func applyBackstop(t *testing.T, controller string) {
	t.Helper()
	objects, err := chart.Render(t.Context(), "--set", "backstop.enabled=true",
		"--set", "backstop.operator="+controller, "--set", "backstop.controllers={"+controller+"}")
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range objects {
		if strings.HasPrefix(object.GetName(), "runai-mpi-only-the-operator-makes-pods") {
			suite.Create(t, product.Client, object)
			t.Cleanup(func() { _ = product.Client.Delete(context.WithoutCancel(t.Context()), object) })
		}
	}
}

// The chart's admission policy refuses pods that do not belong to an MPIJob, but not MPIJobs.
func TestT26OtherPods(t *testing.T) {
	namespace, alice := product.AddProject(t, "t26", required), login(t, broker, alices)
	here, err := whoami(t.Context(), product.Client) // here, all controllers act as the administrator
	if err != nil {
		t.Fatal(err)
	}
	applyBackstop(t, here.Username)
	uid := int64(1001)
	spec := corev1.PodSpec{
		RestartPolicy:   corev1.RestartPolicyNever,
		SecurityContext: &corev1.PodSecurityContext{RunAsUser: &uid},
		Containers:      []corev1.Container{{Name: "steal", Image: "x"}},
	}
	pod := func() *corev1.Pod {
		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "steal", Namespace: namespace}, Spec: spec}
	}
	suite.Eventually(t, "a pod is refused", suite.Soon, func() error {
		return suite.Refused(alice.Create(t.Context(), pod(), client.DryRunAll), "only the MPI Operator may create pods")
	})
	job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: "steal", Namespace: namespace}}
	job.Spec.Template.Spec = spec
	if err := suite.Refused(alice.Create(t.Context(), job), "only the MPI Operator may create pods"); err != nil {
		t.Errorf("a job: %s", err)
	}
	key := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "bobs-ssh", Namespace: namespace}, StringData: map[string]string{"ssh-privatekey": "mine"},
	}
	if err := suite.Refused(alice.Create(t.Context(), key), "only the MPI Operator may write the key of a job"); err != nil {
		t.Errorf("a key: %s", err)
	}
	suite.Create(t, product.Client, key)
	key.StringData = map[string]string{"ssh-privatekey": "another"}
	if err := suite.Refused(alice.Update(t.Context(), key), "only the MPI Operator may write the key of a job"); err != nil {
		t.Errorf("another key: %s", err)
	}
	key.StringData, key.Labels = nil, map[string]string{"a": "b"}
	if err := alice.Update(t.Context(), key, client.DryRunAll); err != nil {
		t.Errorf("a label of a key: %s", err)
	}
	suite.Create(t, alice, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "dist1-git-sync", Namespace: namespace}})
	suite.Create(t, alice, mpijobtest.MakeMPIJob("dist1", namespace).Obj())
	suite.Eventually(t, "the pods of an MPIJob exist", suite.Soon, func() error { return product.HasPods(t, namespace, 2) })
	pods := product.Pods(t, namespace)
	injected := pod() // as the operator creates it and another webhook changes it
	alicesUID := int64(1234567)
	injected.Spec.SecurityContext = &corev1.PodSecurityContext{RunAsUser: &alicesUID}
	injected.Spec.Containers[0].SecurityContext = &corev1.SecurityContext{RunAsUser: &uid}
	err = product.Client.Create(t.Context(), injected, client.DryRunAll)
	if err := suite.Refused(err, "a container must run with the ids of its pod"); err != nil {
		t.Errorf("an injected container: %s", err)
	}
	mine := pods[0].DeepCopy()
	ephemeral := corev1.EphemeralContainerCommon{Name: "e", Image: "x"}
	mine.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: ephemeral}}
	err = alice.SubResource("ephemeralcontainers").Update(t.Context(), mine)
	if err := suite.Refused(err, "containers cannot be added to the pods"); err != nil {
		t.Errorf("an ephemeral container: %s", err)
	}
	mine = pods[0].DeepCopy()
	mine.Spec.Containers[0].Image = "example/steal"
	if err := suite.Refused(alice.Update(t.Context(), mine), "images of a project's pods cannot be changed"); err != nil {
		t.Errorf("an image: %s", err)
	}
}
