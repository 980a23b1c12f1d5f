package chart

import (
	"strings"
	"testing"

	certmanagerv1 "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"

	"github.com/runai-mpi/runai-mpi/test/internal/chart"
)

const pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"

// An issuer may send no ca.crt, and then cert-manager would inject nothing, so where the CA comes from is asked for.
func TestOwnIssuer(t *testing.T) {
	issuer := []string{"--set", "certManager.issuerRef.kind=ClusterIssuer", "--set", "certManager.issuerRef.name=company"}
	for name, test := range map[string]struct{ set, injected, bundle string }{
		"a bundle":           {set: "certificate.caBundle=" + pem, bundle: pem},
		"a Secret of the CA": {set: "certManager.caSecretName=company-ca", injected: "runai-system/company-ca"},
		"what it sends":      {set: "certManager.caSecretName=runai-mpi-tls", injected: "runai-system/runai-mpi-tls"},
	} {
		t.Run(name, func(t *testing.T) {
			objects := render(t, append(issuer, "--set", test.set)...)
			leaf := find[certmanagerv1.Certificate](t, objects, "Certificate", "")
			if leaf.Spec.IssuerRef.Kind != "ClusterIssuer" || leaf.Spec.IssuerRef.Name != "company" {
				t.Errorf("got %+v", leaf.Spec.IssuerRef)
			}
			if injected := injectedFrom(t, objects); injected != test.injected {
				t.Errorf("the bundle is injected from %q", injected)
			}
			if bundle := bundleOf(t, objects); bundle != test.bundle {
				t.Errorf("the bundle is %q", bundle)
			}
			allows := leaf.Spec.SecretTemplate != nil
			if own := strings.HasSuffix(test.injected, "/"+leaf.Spec.SecretName); allows != own {
				t.Errorf("the certificate's Secret allows its injection: %v", allows)
			}
		})
	}
}

func TestWithoutCertManager(t *testing.T) {
	objects := render(t, "--set", "certManager.enabled=false", "--set", "certificate.secretName=own", "--set", "certificate.caBundle="+pem)
	for _, object := range objects {
		if object.GroupVersionKind().Group == certmanagerv1.SchemeGroupVersion.Group {
			t.Errorf("%s %s needs cert-manager", object.GetKind(), object.GetName())
		}
	}
	if secret := volume(find[appsv1.Deployment](t, objects, "Deployment", ""), "tls").Secret.SecretName; secret != "own" {
		t.Errorf("the Secret %s is mounted", secret)
	}
	if injected, bundle := injectedFrom(t, objects), bundleOf(t, objects); injected != "" || bundle != pem {
		t.Errorf("injected from %q, bundle %q", injected, bundle)
	}
}

// Values that would leave the API server without a CA bundle, or with two, are refused.
func TestWrongCertificates(t *testing.T) {
	for set, want := range map[string]string{
		"certManager.enabled=false":                              "requires certificate.secretName and certificate.caBundle",
		"certManager.enabled=false,certificate.secretName=own":   "requires certificate.secretName and certificate.caBundle",
		"certManager.enabled=false,certificate.caBundle=" + pem:  "requires certificate.secretName and certificate.caBundle",
		"certificate.secretName=own":                             "set certManager.enabled=false",
		"certificate.caBundle=" + pem:                            "cannot be used with the chart's own CA",
		"certManager.caSecretName=other":                         "cannot be used with the chart's own CA",
		"certManager.issuerRef.name=company":                     "requires the issuer's CA",
		"certManager.caSecretName=a,certificate.caBundle=" + pem: "cannot be used together",
		"certManager.enabled=false,certificate.secretName=own,certificate.caBundle=" + pem + ",certManager.issuerRef.name=b": "remove them",
	} {
		_, err := chart.Render(t.Context(), "--set", set)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", set, err, want)
		}
	}
}

func injectedFrom(t *testing.T, objects chart.Objects) string {
	t.Helper()
	mutating := find[admissionregistrationv1.MutatingWebhookConfiguration](t, objects, "MutatingWebhookConfiguration", "").Annotations
	validating := find[admissionregistrationv1.ValidatingWebhookConfiguration](t, objects, "ValidatingWebhookConfiguration", "").Annotations
	const key = "cert-manager.io/inject-ca-from-secret"
	if mutating[key] != validating[key] {
		t.Errorf("the configurations differ: %v and %v", mutating, validating)
	}
	return mutating[key]
}

func bundleOf(t *testing.T, objects chart.Objects) string {
	t.Helper()
	mutating := find[admissionregistrationv1.MutatingWebhookConfiguration](t, objects, "MutatingWebhookConfiguration", "").Webhooks[0]
	validating := find[admissionregistrationv1.ValidatingWebhookConfiguration](t, objects, "ValidatingWebhookConfiguration", "").Webhooks[0]
	if string(mutating.ClientConfig.CABundle) != string(validating.ClientConfig.CABundle) {
		t.Error("the bundles differ")
	}
	return string(mutating.ClientConfig.CABundle)
}
