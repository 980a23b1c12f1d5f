package logins

import (
	"os"
	"path/filepath"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// The API server accepts each object of the pages, in each of its fields.
func TestObjects(t *testing.T) {
	admin, err := client.New(cluster.Config, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	created := 0
	for _, path := range sampleFiles(t) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		object := &unstructured.Unstructured{}
		if err := yaml.UnmarshalStrict(data, &object.Object); err != nil {
			t.Fatal(err)
		}
		if kind := object.GetKind(); kind == "" || kind == "AuthenticationConfiguration" {
			continue // TestVendors and TestKeycloak have the others
		}
		err = admin.Create(t.Context(), object, client.DryRunAll, client.FieldValidation(metav1.FieldValidationStrict))
		if err != nil {
			t.Errorf("%s: %s", path, err)
		}
		created++
	}
	if created < 5 {
		t.Errorf("only %d objects", created)
	}
}

// sampleFiles returns the paths of the samples that the pages about identity show.
func sampleFiles(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(root + samples + "identity/*")
	if err != nil || len(found) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	return append(found, root+samples+"posixidentity.yaml")
}
