package suite

import (
	"context"
	"encoding/pem"
	"net/http/httptest"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

// AddMutatingWebhook serves another mutating webhook for creations of MPIJobs in a project, until the test
// ends. Webhooks are called in name order, and this one again after later changes.
func (p *Product) AddMutatingWebhook(t testing.TB, name, project string, handler admission.Handler) {
	t.Helper()
	served := httptest.NewTLSServer(&admission.Webhook{Handler: handler})
	t.Cleanup(served.Close)
	none, again := admissionregistrationv1.SideEffectClassNone, admissionregistrationv1.IfNeededReinvocationPolicy
	fail := admissionregistrationv1.Fail
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: served.Certificate().Raw})
	creations := admissionregistrationv1.RuleWithOperations{
		Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create},
		Rule: admissionregistrationv1.Rule{
			APIGroups: []string{v2beta1.GroupName}, APIVersions: []string{"*"}, Resources: []string{"mpijobs"},
		},
	}
	hook := &admissionregistrationv1.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: name}}
	hook.Webhooks = []admissionregistrationv1.MutatingWebhook{{
		Name:                    name + ".example.com",
		AdmissionReviewVersions: []string{"v1"},
		SideEffects:             &none,
		ReinvocationPolicy:      &again,
		FailurePolicy:           &fail,
		ClientConfig:            admissionregistrationv1.WebhookClientConfig{URL: &served.URL, CABundle: authority},
		Rules:                   []admissionregistrationv1.RuleWithOperations{creations},
		NamespaceSelector:       &metav1.LabelSelector{MatchLabels: map[string]string{"runai/queue": project}},
	}}
	p.Create(t, hook)
	t.Cleanup(func() {
		if err := p.Client.Delete(context.WithoutCancel(t.Context()), hook); err != nil {
			t.Error(err)
		}
	})
}
