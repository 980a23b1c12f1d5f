package forgery

import (
	"context"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

const useV2beta1 = "MPIJobs of kubeflow.org/v1 are not allowed in projects: use apiVersion kubeflow.org/v2beta1"

// The CRD may serve another version of MPIJobs, as that of the training operator does, whose schema lacks what
// keeps users apart. No job of that version is created, whether v2beta1 is served or not, and whether or not the
// webhook is up. What does not change a job's spec passes.
func TestT43OtherVersion(t *testing.T) {
	namespace, alice := product.AddProject(t, "t43", required), login(t, broker, alices)
	suite.Create(t, alice, mpijobtest.MakeMPIJob("before", namespace).Obj())
	t.Cleanup(func() {
		suite.Eventually(t, "jobs are admitted again", suite.Soon, func() error {
			return alice.Create(context.WithoutCancel(t.Context()), mpijobtest.MakeMPIJob("again", namespace).Obj(), client.DryRunAll)
		})
	})
	serveV1(t, true)
	suite.Eventually(t, "a job of v1 is refused", suite.Soon, func() error {
		return refusal(alice.Create(t.Context(), v1Job(t, namespace, "new"), client.DryRunAll), useV2beta1)
	})
	isRefused(t, "a changed spec", patchV1(t, alice, namespace, `{"spec":{"runPolicy":{"suspend":true}}}`), useV2beta1)
	for _, patch := range []string{
		`{"metadata":{"finalizers":["example.com/hold"]}}`, `{"metadata":{"labels":{"a":"b"}}}`, `{"metadata":{"finalizers":null}}`,
	} {
		if err := patchV1(t, alice, namespace, patch); err != nil {
			t.Errorf("%s: %s", patch, err)
		}
	}
	isRefused(t, "a changed stamp", patchV1(t, alice, namespace, `{"metadata":{"annotations":{"run.ai/submitted-by":"v1 uid=1000"}}}`),
		"what a job runs cannot be changed")
	serveV1(t, false)
	suite.Eventually(t, "only v1 is served", suite.Soon, func() error {
		err := product.Client.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: "before"}, &v2beta1.MPIJob{})
		return suite.Refused(err, "could not find the requested resource")
	})
	isRefused(t, "only v1 is served", alice.Create(t.Context(), v1Job(t, namespace, "new"), client.DryRunAll), useV2beta1)
	if err := product.Webhook.Stop(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := product.StartWebhook(context.WithoutCancel(t.Context())); err != nil {
			t.Fatal(err)
		}
	}()
	if err := alice.Create(t.Context(), v1Job(t, namespace, "new"), client.DryRunAll); err == nil {
		t.Error("the webhook is down, and a job is created")
	}
}

// serveV1 adds a version to the CRD until the end of the test, and serves v2beta1 beside it or not.
func serveV1(t *testing.T, alsoV2beta1 bool) {
	t.Helper()
	change := func(ctx context.Context, to func(*apiextensionsv1.CustomResourceDefinition)) {
		crd := &apiextensionsv1.CustomResourceDefinition{}
		if err := product.Client.Get(ctx, client.ObjectKey{Name: "mpijobs." + v2beta1.GroupName}, crd); err != nil {
			t.Fatal(err)
		}
		to(crd)
		if err := product.Client.Update(ctx, crd); err != nil {
			t.Fatal(err)
		}
	}
	var original []apiextensionsv1.CustomResourceDefinitionVersion
	change(t.Context(), func(crd *apiextensionsv1.CustomResourceDefinition) {
		original = crd.DeepCopy().Spec.Versions
		current := &crd.Spec.Versions[0]
		old := current.DeepCopy()
		old.Name, old.Served, old.Storage = "v1", true, false
		current.Served = alsoV2beta1
		crd.Spec.Versions = []apiextensionsv1.CustomResourceDefinitionVersion{*current, *old}
	})
	t.Cleanup(func() {
		change(context.WithoutCancel(t.Context()), func(crd *apiextensionsv1.CustomResourceDefinition) { crd.Spec.Versions = original })
	})
}

func v1Job(t *testing.T, namespace, name string) *unstructured.Unstructured {
	t.Helper()
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(mpijobtest.MakeMPIJob(name, namespace).Obj())
	if err != nil {
		t.Fatal(err)
	}
	job := &unstructured.Unstructured{Object: fields}
	job.SetAPIVersion(v2beta1.GroupName + "/v1")
	unstructured.RemoveNestedField(job.Object, "status")
	return job
}

func patchV1(t *testing.T, user client.Client, namespace, patch string) error {
	t.Helper()
	return user.Patch(t.Context(), v1Job(t, namespace, "before"), client.RawPatch("application/merge-patch+json", []byte(patch)))
}
