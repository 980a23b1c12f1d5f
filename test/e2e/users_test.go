package e2e

import (
	"testing"

	"k8s.io/client-go/rest"

	"github.com/runai-mpi/runai-mpi/test/install"
)

// claims are those of the user of these tests; none of her ids is on any image.
var claims = map[string][]string{
	"run.ai/uid": {"1234567"}, "run.ai/gid": {"54000"}, "run.ai/supplementary-groups": {"60001", "60002"},
}

// alice is a researcher who may submit jobs in a namespace. The API server takes her claims from an
// impersonating administrator as it would from a token.
func alice(t *testing.T, namespace string) (kubeconfig string) {
	t.Helper()
	if err := product.Permit(t.Context(), namespace, "saml:alice@example.com",
		install.Verbs("kubeflow.org", []string{"mpijobs"}, "create", "get", "list", "delete"),
		install.Verbs("", []string{"pods", "pods/log", "events"}, "get", "list"),
		install.Verbs("", []string{"secrets", "persistentvolumeclaims"}, "create", "delete")); err != nil {
		t.Fatal(err)
	}
	user, err := product.Impersonate(rest.ImpersonationConfig{
		UserName: "saml:alice@example.com", Groups: []string{"system:authenticated"}, Extra: claims,
	})
	if err != nil {
		t.Fatal(err)
	}
	return user.Kubeconfig()
}
