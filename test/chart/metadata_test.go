package chart

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

// What Artifact Hub shows is true: the CRDs are those of the chart, and the examples are valid.
func TestArtifactHub(t *testing.T) {
	annotations, _ := readValues(t, "../../charts/runai-mpi/Chart.yaml")["annotations"].(map[string]any)
	var crds []struct{ Kind, Version, Name string }
	var examples []map[string]any
	for key, into := range map[string]any{"artifacthub.io/crds": &crds, "artifacthub.io/crdsExamples": &examples} {
		text, _ := annotations[key].(string)
		if err := yaml.Unmarshal([]byte(text), into); err != nil {
			t.Fatalf("%s: %v", key, err)
		}
	}
	shown := map[string]bool{}
	for _, crd := range crds {
		shown[crd.Name+"/"+crd.Version+" "+crd.Kind] = true
	}
	all := render(t).CRDs()
	for _, crd := range all {
		if name := crd.Name + "/" + crd.Spec.Versions[0].Name + " " + crd.Spec.Names.Kind; !shown[name] {
			t.Errorf("Chart.yaml lacks %s", name)
		}
	}
	if len(shown) != len(all) || len(examples) != len(all) {
		t.Errorf("%d CRDs, %d are shown, with %d examples", len(all), len(shown), len(examples))
	}
	for _, example := range examples {
		var object any = &v1alpha1.Project{}
		if (&unstructured.Unstructured{Object: example}).GetKind() == "PosixIdentity" {
			object = &v1alpha1.PosixIdentity{}
		}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(example, object, true); err != nil {
			t.Errorf("%v: %v", example, err)
		}
	}
}
