package chart

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"sigs.k8s.io/yaml"
)

// The documented file for the API server asks the webhook as the chart's configurations do, in the namespaces that
// require an identity. Without match conditions, it asks about more.
func TestWebhooksAsFile(t *testing.T) {
	text, err := os.ReadFile("../../config/samples/admission-webhooks.yaml")
	if err != nil {
		t.Fatal(err)
	}
	file := &admissionregistrationv1.ValidatingWebhookConfiguration{}
	if err := yaml.UnmarshalStrict(text, file); err != nil {
		t.Fatal(err)
	}
	objects := render(t, "--set", "backstop.enabled=true")
	var sessions, want []admissionregistrationv1.ValidatingWebhook
	for _, name := range []string{"admission-runai-mpi", "runai-mpi-sessions"} {
		configuration := &admissionregistrationv1.ValidatingWebhookConfiguration{}
		if err := objects.Find("ValidatingWebhookConfiguration", name, configuration); err != nil {
			t.Fatal(err)
		}
		sessions = configuration.Webhooks
		want = append(want, configuration.Webhooks...)
	}
	for i := range want {
		service := want[i].ClientConfig.Service
		url := "https://" + service.Name + "." + service.Namespace + ".svc" + *service.Path
		want[i].ClientConfig = admissionregistrationv1.WebhookClientConfig{URL: &url, CABundle: []byte{}}
		want[i].NamespaceSelector, want[i].MatchConditions = sessions[0].NamespaceSelector, nil
	}
	if diff := cmp.Diff(want, file.Webhooks); diff != "" {
		t.Errorf("the file differs from the chart (-chart +file):\n%s", diff)
	}
}
