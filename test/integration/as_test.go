package integration

import (
	"strings"
	"testing"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

// --as and --as-group act as another user, whose permissions then hold.
func TestImpersonation(t *testing.T) {
	namespace := product.AddProject(t, "acting", v1alpha1.ProjectSpec{})
	product.AddResearcher(t, namespace, "acting-alice")
	stdout, stderr, code := product.Runai(t, "whoami", "-p", "acting", "--as", "acting-alice")
	if code != 0 || !strings.HasPrefix(stdout, "The cluster authenticates you as acting-alice.\n") {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
	_, stderr, code = product.Runai(t, "list", "-p", "acting", "--as", "acting-bob")
	want := "runai: acting-bob is not allowed to list mpijobs in namespace runai-acting: " +
		"check the project, or ask your administrator for permission\n"
	if code != 1 || stderr != want {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	if _, stderr, code = product.Runai(t, "list", "-p", "acting", "--as", "acting-bob", "--as-group", "system:masters"); code != 0 {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}
