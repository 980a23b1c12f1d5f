package integration

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// scaled is a patch that the webhook must review.
const scaled = `{"spec":{"mpiReplicaSpecs":{"Worker":{"replicas":7}}}}`

// While the webhook is down, only creations and changes of jobs in projects are refused. Nobody could fix
// anything else that its configuration blocks by mistake until it is up again.
func TestWebhookIsDown(t *testing.T) {
	namespace := product.AddProject(t, "down", v1alpha1.ProjectSpec{})
	ending := product.AddProject(t, "ending", v1alpha1.ProjectSpec{})
	product.AddNamespace(t, "still-up", nil)
	for _, name := range []string{"background", "foreground", "orphan", "runs"} {
		product.Create(t, mpijobtest.MakeMPIJob(name, namespace).Obj())
		podsOf(t, product.Job(t, namespace, name))
	}
	holdUp(t, ending)
	if err := product.Webhook.Stop(); err != nil {
		t.Fatal(err)
	}
	t.Run("creations are refused", func(t *testing.T) { creationsAreRefused(t, namespace) })
	t.Run("controllers continue", func(t *testing.T) { controllersContinue(t, product.Job(t, namespace, "runs")) })
	for _, cascade := range []string{"background", "foreground", "orphan"} {
		t.Run("deletion, "+cascade, func(t *testing.T) { isDeleted(t, namespace, cascade) })
	}
	t.Run("deletion of a namespace", func(t *testing.T) { namespaceIsDeleted(t, ending) })
	t.Run("other namespaces", func(t *testing.T) { jobsAreFree(t, "still-up") })
	t.Run("other kinds", func(t *testing.T) { otherKindsAreFree(t, namespace) })
	if err := product.StartWebhook(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, stderr, code := product.Runai(t, "submit-mpi", "dist1", "-p", "down", "-i", "x"); code != 0 {
		t.Errorf("exit code %d, got %s", code, stderr)
	}
}

func creationsAreRefused(t *testing.T, namespace string) {
	before := len(product.Jobs(t, namespace))
	_, stderr, code := product.Runai(t, "submit-mpi", "dist1", "-n", namespace, "-i", "x", "--request-timeout=3s")
	want := "trying again for up to 3 seconds: webhook mpijobs.admission.run.ai does not respond\n" +
		"runai: webhook mpijobs.admission.run.ai does not respond, and the API server refuses this request without it: " +
		"try again, or ask your administrator\n"
	if stderr != want || code != 1 {
		t.Errorf("exit code %d, got %s", code, stderr)
	}
	_, stderr, err := product.Kubectl(t.Context(), strings.NewReader(fmt.Sprintf(applied, "dist2")), "create", "-n", namespace, "-f", "-")
	if want := `failed calling webhook "mpijobs.admission.run.ai"`; err == nil || !strings.Contains(stderr, want) {
		t.Errorf("got %v: %s", err, stderr)
	}
	err = mergePatch(t, product.Client, product.Job(t, namespace, "runs"), scaled)
	if err := suite.Refused(err, "failed calling webhook"); err != nil {
		t.Errorf("a change: %s", err)
	}
	if after := len(product.Jobs(t, namespace)); after != before {
		t.Errorf("there are %d jobs, and there were %d before", after, before)
	}
}

// controllersContinue asserts that status and finalizers can be changed without the webhook.
func controllersContinue(t *testing.T, job *v2beta1.MPIJob) {
	for _, pod := range podsOf(t, job).all() {
		pod.Status.Phase = corev1.PodRunning
		pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
		if err := product.Client.Status().Update(t.Context(), &pod); err != nil {
			t.Fatal(err)
		}
	}
	suite.Eventually(t, "the operator reports that the job runs", suite.Soon, func() error {
		conditions := product.Job(t, job.Namespace, job.Name).Status.Conditions
		if !slices.ContainsFunc(conditions, runs) {
			return fmt.Errorf("the conditions are %v", conditions)
		}
		return nil
	})
	for _, patch := range []string{`{"metadata":{"finalizers":["` + hold + `"]}}`, `{"metadata":{"finalizers":null}}`} {
		if err := mergePatch(t, product.Client, job, patch); err != nil {
			t.Errorf("%s: %s", patch, err)
		}
	}
}

func runs(condition v2beta1.JobCondition) bool {
	return condition.Type == v2beta1.JobRunning && condition.Status == corev1.ConditionTrue
}

// jobsAreFree asserts that jobs in a namespace without a project do not need the webhook.
func jobsAreFree(t *testing.T, namespace string) {
	job := mpijobtest.MakeMPIJob("elsewhere", namespace).Obj()
	product.Create(t, job)
	if err := mergePatch(t, product.Client, job, scaled); err != nil {
		t.Error(err)
	}
	if err := product.Client.Delete(t.Context(), job, client.PropagationPolicy(metav1.DeletePropagationForeground)); err != nil {
		t.Error(err)
	}
	isGone(t, job)
}

func otherKindsAreFree(t *testing.T, namespace string) {
	meta := metav1.ObjectMeta{Namespace: namespace, Name: "other"}
	for _, object := range []client.Object{
		&corev1.ConfigMap{ObjectMeta: meta},
		&corev1.Pod{ObjectMeta: meta, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "x"}}}},
	} {
		product.Create(t, object)
		if err := mergePatch(t, product.Client, object, `{"metadata":{"labels":{"a":"b"}}}`); err != nil {
			t.Error(err)
		}
		if err := product.Client.Delete(t.Context(), object); err != nil {
			t.Error(err)
		}
		isGone(t, object)
	}
}
