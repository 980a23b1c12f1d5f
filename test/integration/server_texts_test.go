package integration

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// cli/kube matches sentences of the API server, which have no types: a webhook refuses, and
// a permission is missing. TestWebhookIsDown has the one about a webhook that does not answer.
func TestServerTexts(t *testing.T) {
	namespace := product.AddProject(t, "texts", v1alpha1.ProjectSpec{})
	product.AddResearcher(t, namespace, "texts-alice")
	answer := func(code int32, text string) admission.Handler {
		return admission.HandlerFunc(func(_ context.Context, r admission.Request) admission.Response {
			if r.Name != "marked" {
				return admission.Allowed("")
			}
			refused := admission.Denied(text)
			refused.Result.Code = code
			return refused
		})
	}
	product.AddMutatingWebhook(t, "z-texts", "texts", answer(http.StatusForbidden, "not on Sundays"))
	for _, test := range []struct{ args, want string }{
		{"submit-mpi marked -i x --as texts-alice", "runai: not on Sundays\n"},
		{"list --as texts-bob", "runai: texts-bob is not allowed to list mpijobs in namespace runai-texts: check the project"},
		{"list -A --as texts-bob", "runai: texts-bob is not allowed to list mpijobs in this cluster: check the project"},
	} {
		suite.Eventually(t, test.args, suite.Soon, func() error {
			_, stderr, _ := product.Runai(t, append(strings.Fields(test.args), "-n", namespace)...)
			return suite.Says(stderr, test.want)
		})
	}
}
