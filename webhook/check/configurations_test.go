package check

import (
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
)

// The webhook is called where the API server calls it.
func TestTargetOf(t *testing.T) {
	port, path, url := int32(8443), "/mutate", "https://webhook.example.com//mutate"
	for _, test := range []struct {
		config admissionregistrationv1.WebhookClientConfig
		want   target
	}{
		{
			admissionregistrationv1.WebhookClientConfig{Service: &admissionregistrationv1.ServiceReference{Namespace: "runai-system", Name: "runai-mpi", Path: &path}},
			target{"Service runai-system/runai-mpi /mutate", "runai-mpi.runai-system.svc", "runai-mpi.runai-system.svc:443", "/mutate", nil},
		},
		{
			admissionregistrationv1.WebhookClientConfig{Service: &admissionregistrationv1.ServiceReference{Namespace: "a", Name: "b", Port: &port}},
			target{"Service a/b /", "b.a.svc", "b.a.svc:8443", "/", nil},
		},
		{
			admissionregistrationv1.WebhookClientConfig{URL: &url},
			target{url, "webhook.example.com", "webhook.example.com:443", "/mutate", nil},
		},
	} {
		if got := targetOf(test.config); !got.equals(test.want) || got.host != test.want.host || got.address != test.want.address || got.path != test.want.path {
			t.Errorf("got %+v, want %+v", got, test.want)
		}
	}
}
