package backstop

import (
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

var (
	policies = []client.Object{
		&admissionregistrationv1.ValidatingAdmissionPolicyBinding{}, &admissionregistrationv1.ValidatingAdmissionPolicy{},
	}
	webhooks = []client.Object{
		&admissionregistrationv1.ValidatingWebhookConfiguration{}, &admissionregistrationv1.MutatingWebhookConfiguration{},
	}
)

// deleteAll deletes all objects of these types, as a cluster administrator can.
func deleteAll(t *testing.T, types ...client.Object) {
	t.Helper()
	user, err := product.AddUser("root", "system:masters")
	if err != nil {
		t.Fatal(err)
	}
	administrator := product.ClientOf(t, user)
	for _, all := range types {
		if err := administrator.DeleteAllOf(t.Context(), all); err != nil {
			t.Fatal(err)
		}
	}
}

// tryWebhooks makes the attempts that the webhook refuses, without a configuration in the cluster.
func (p people) tryWebhooks(t *testing.T, namespace string) {
	t.Helper()
	suite.Eventually(t, "the API server asks the webhook about jobs", suite.Soon, func() error {
		return suite.Refused(p.submit(t, namespace, "stolen", bob), "1002")
	})
	suite.Eventually(t, "the API server asks the webhook about sessions", suite.Soon, func() error {
		_, _, err := p.us.Kubectl(t.Context(), nil, "exec", "-n", namespace, "bobs", "--", "id")
		return suite.Refused(err, "you can only enter pods that run as you")
	})
}
