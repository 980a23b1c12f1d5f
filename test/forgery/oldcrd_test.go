package forgery

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// The CRD of MPI Operator before v0.6 prunes supplementalGroupsPolicy, which keeps the image's groups out.
func TestT06OldCRD(t *testing.T) {
	namespace, alice := product.AddProject(t, "t06", required), login(t, broker, alices)
	crd := &unstructured.Unstructured{}
	crd.SetGroupVersionKind(schema.GroupVersionKind{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition"})
	if err := product.Client.Get(t.Context(), client.ObjectKey{Name: "mpijobs.kubeflow.org"}, crd); err != nil {
		t.Fatal(err)
	}
	today, old := crd.Object["spec"], crd.DeepCopy().Object["spec"]
	prune(old, "supplementalGroupsPolicy")
	install := func(spec any) error {
		return retry.RetryOnConflict(retry.DefaultRetry, func() error { // the API server writes the status meanwhile
			if err := product.Client.Get(t.Context(), client.ObjectKeyFromObject(crd), crd); err != nil {
				return err
			}
			crd.Object["spec"] = spec
			return product.Client.Update(t.Context(), crd)
		})
	}
	if err := install(old); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := install(today); err != nil {
			t.Fatal(err)
		}
		suite.Eventually(t, "jobs are admitted again", suite.Soon, func() error {
			return alice.Create(t.Context(), mpijobtest.MakeMPIJob("again", namespace).Obj(), client.DryRunAll)
		})
	}()
	suite.Eventually(t, "the refusal names the version of the operator", suite.Soon, func() error {
		err := alice.Create(t.Context(), mpijobtest.MakeMPIJob("old", namespace).Obj(), client.DryRunAll)
		return refusal(err, "install the CRD of MPI Operator v0.8")
	})
}

// prune removes a property from a schema, at any depth.
func prune(value any, property string) {
	switch value := value.(type) {
	case map[string]any:
		if properties, ok := value["properties"].(map[string]any); ok {
			delete(properties, property)
		}
		for _, child := range value {
			prune(child, property)
		}
	case []any:
		for _, child := range value {
			prune(child, property)
		}
	}
}
