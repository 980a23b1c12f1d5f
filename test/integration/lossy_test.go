package integration

import (
	"os"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

// The API server drops exactly the fields that `runai-webhook admit` warns of: the test of these warnings has the
// same job.
func TestFieldsThatAreNotStored(t *testing.T) {
	namespace := product.AddProject(t, "lossy", v1alpha1.ProjectSpec{})
	text, err := os.ReadFile("../../webhook/testdata/lossy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	object := &unstructured.Unstructured{}
	if err := yaml.Unmarshal(text, object); err != nil {
		t.Fatal(err)
	}
	object.SetNamespace(namespace)
	product.Create(t, object)
	if err := product.Client.Get(t.Context(), client.ObjectKeyFromObject(object), object); err != nil {
		t.Fatal(err)
	}
	stored := canonical(t, object.Object)
	for _, lost := range []string{
		"annotation", "label", "replica", "slotPerWorker", "nodeselector", "comand", "valeu", "limit", "hostpath", "qwxyz", "odd",
	} {
		if strings.Contains(stored, `"`+lost+`":`) {
			t.Errorf("the API server stores %s", lost)
		}
	}
	for _, moved := range []string{"cleanPodPolicy", "activeDeadlineSeconds"} {
		if _, found, _ := unstructured.NestedFieldNoCopy(object.Object, "spec", moved); found {
			t.Errorf("the API server stores spec.%s", moved)
		}
	}
	for _, kept := range []string{"any", "limits", "annotations", "emptyDir"} {
		if !strings.Contains(stored, `"`+kept+`":`) {
			t.Errorf("the API server does not store %s", kept)
		}
	}
}
