package integration

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

// suspended is a change of what runs, or when.
const suspended = `{"spec":{"runPolicy":{"suspend":true}}}`

// A webhook that is down refuses creations and changes of jobs in projects, and nothing else: what its
// configuration would stop by mistake could not be mended by anybody until it is up again.
func TestWebhookIsDown(t *testing.T) {
	namespace := addProject(t, "down", v1alpha1.ProjectSpec{})
	ending := addProject(t, "ending", v1alpha1.ProjectSpec{})
	if err := product.AddNamespace(t.Context(), "still-up", nil); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"background", "foreground", "orphan", "runs"} {
		create(t, mpijobtest.MakeMPIJob(name, namespace).Obj())
		podsOf(t, get(t, namespace, name))
	}
	holdUp(t, ending)
	if err := product.Webhook.Stop(); err != nil {
		t.Fatal(err)
	}
	t.Run("creations are refused", func(t *testing.T) { creationsAreRefused(t, namespace) })
	t.Run("controllers go on", func(t *testing.T) { controllersGoOn(t, get(t, namespace, "runs")) })
	for _, cascade := range []string{"background", "foreground", "orphan"} {
		t.Run("deletion, "+cascade, func(t *testing.T) { isDeleted(t, namespace, cascade) })
	}
	t.Run("deletion of a namespace", func(t *testing.T) { namespaceIsDeleted(t, ending) })
	t.Run("other namespaces", func(t *testing.T) { jobsAreFree(t, "still-up") })
	t.Run("other kinds", func(t *testing.T) { otherKindsAreFree(t, namespace) })
	if err := product.StartWebhook(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, stderr, code := runai(t, "submit-mpi", "dist1", "-p", "down", "-i", "x"); code != 0 {
		t.Errorf("exit code %d, got %s", code, stderr)
	}
}

func creationsAreRefused(t *testing.T, namespace string) {
	before := len(jobsIn(t, namespace))
	_, stderr, code := runai(t, "submit-mpi", "dist1", "-n", namespace, "-i", "x")
	want := "runai: webhook mpijobs.admission.run.ai does not respond, and no job can be created without it: try again, or ask your administrator\n"
	if stderr != want || code != 1 {
		t.Errorf("exit code %d, got %s", code, stderr)
	}
	_, stderr, err := product.Kubectl(t.Context(), strings.NewReader(fmt.Sprintf(applied, "dist2")), "create", "-n", namespace, "-f", "-")
	if want := `failed calling webhook "mpijobs.admission.run.ai"`; err == nil || !strings.Contains(stderr, want) {
		t.Errorf("got %v: %s", err, stderr)
	}
	err = product.Client.Patch(t.Context(), get(t, namespace, "runs"), client.RawPatch(types.MergePatchType, []byte(suspended)))
	if err == nil || !strings.Contains(err.Error(), "failed calling webhook") {
		t.Errorf("a change: got %v", err)
	}
	if after := len(jobsIn(t, namespace)); after != before {
		t.Errorf("%d jobs are there, %d were before", after, before)
	}
}

// controllersGoOn: what says nothing of what a job runs does not wait for the webhook.
func controllersGoOn(t *testing.T, job *v2beta1.MPIJob) {
	for _, pod := range podsOf(t, job).all() {
		pod.Status.Phase = corev1.PodRunning
		pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
		if err := product.Client.Status().Update(t.Context(), &pod); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the operator writes that the job runs", func(context.Context) bool {
		for _, condition := range get(t, job.Namespace, job.Name).Status.Conditions {
			if condition.Type == v2beta1.JobRunning {
				return condition.Status == corev1.ConditionTrue
			}
		}
		return false
	})
	for _, patch := range []string{`{"metadata":{"finalizers":["` + hold + `"]}}`, `{"metadata":{"finalizers":null}}`} {
		if err := product.Client.Patch(t.Context(), job, client.RawPatch(types.MergePatchType, []byte(patch))); err != nil {
			t.Errorf("%s: %s", patch, err)
		}
	}
}

// jobsAreFree where no label names a project.
func jobsAreFree(t *testing.T, namespace string) {
	job := mpijobtest.MakeMPIJob("elsewhere", namespace).Obj()
	create(t, job)
	if err := product.Client.Patch(t.Context(), job, client.RawPatch(types.MergePatchType, []byte(suspended))); err != nil {
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
		if err := product.Client.Create(t.Context(), object); err != nil {
			t.Fatal(err)
		}
		if err := product.Client.Patch(t.Context(), object, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"labels":{"a":"b"}}}`))); err != nil {
			t.Error(err)
		}
		if err := product.Client.Delete(t.Context(), object); err != nil {
			t.Error(err)
		}
		isGone(t, object)
	}
}
