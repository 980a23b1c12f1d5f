package integration

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/runai-mpi/runai-mpi/test/internal/chart"
)

// The API server accepts what the chart renders for each kind of cluster: also names, ports, selectors, quotas and
// CEL, which their types do not show.
func TestChartIsAccepted(t *testing.T) {
	list := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/cert-manager/cert-manager")
	certManager, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	crds := filepath.Join(strings.TrimSpace(string(certManager)), "deploy", "crds")
	if _, err := envtest.InstallCRDs(product.Config, envtest.CRDInstallOptions{Paths: []string{crds}}); err != nil {
		t.Fatal(err)
	}
	rows, err := filepath.Glob("../chart/testdata/*.yaml")
	if err != nil || len(rows) == 0 {
		t.Fatalf("no rows: %v", err)
	}
	for _, row := range rows {
		t.Run(strings.TrimSuffix(filepath.Base(row), ".yaml"), func(t *testing.T) {
			objects, err := chart.Render(t.Context(), "--values", row, "--set", "image.repository="+chart.Repository,
				"--set", "backstop.renderFiles=false") // test/backstop has the files
			if err != nil {
				t.Fatal(err)
			}
			for _, object := range objects {
				ensureNamespace(t, object.GetNamespace())
				if err := dryRun(t, object); err != nil {
					t.Errorf("%s %s: %v", object.GetKind(), object.GetName(), err)
				}
			}
		})
	}
}

func ensureNamespace(t *testing.T, name string) {
	t.Helper()
	if name == "" {
		return
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if err := product.Client.Create(t.Context(), namespace); err != nil && !apierrors.IsAlreadyExists(err) {
		t.Fatal(err)
	}
}

func dryRun(t *testing.T, object *unstructured.Unstructured) error {
	t.Helper()
	if object.GroupVersionKind().Group == "monitoring.coreos.com" {
		return nil // its CRDs are in no module
	}
	err := product.Client.Create(t.Context(), object.DeepCopy(), client.DryRunAll, client.FieldValidation(metav1.FieldValidationStrict))
	if apierrors.IsAlreadyExists(err) { // this is the last that the API server checks
		return nil
	}
	return err
}
