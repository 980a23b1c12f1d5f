package forgery

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// A dry run gets the same answer and stores nothing. A direct call of the webhook, in the name of any user,
// gets an answer and changes nothing.
func TestT25NoState(t *testing.T) {
	namespace, alice := product.AddProject(t, "t25", required), login(t, broker, alices)
	dry := mpijobtest.MakeMPIJob("dry", namespace).Obj()
	if err := alice.Create(t.Context(), dry, client.DryRunAll); err != nil {
		t.Fatal(err)
	}
	runsAs(t, dry, "saml:alice", 1234567, 54000)
	if answer := post(t, dry.Name, namespace, "saml:bob", "1001"); !answer.Allowed || !bytes.Contains(answer.Patch, []byte("saml:bob")) {
		t.Errorf("got %+v", answer)
	}
	other := mpijobtest.MakeMPIJob("dry", namespace).Both(func(template *corev1.PodTemplateSpec) {
		uid := int64(1001)
		securityOf(&template.Spec).RunAsUser = &uid
	}).Obj()
	isRefused(t, "a dry run", alice.Create(t.Context(), other, client.DryRunAll), conflicts+"1234567")
	if jobs := product.Jobs(t, namespace); len(jobs) > 0 {
		t.Errorf("%d jobs are stored", len(jobs))
	}
	runsAs(t, suite.Create(t, alice, mpijobtest.MakeMPIJob("real", namespace).Obj()), "saml:alice", 1234567, 54000)
}

// post posts a review to the webhook as the API server would, in the name of any user.
func post(t *testing.T, name, namespace, username, uid string) *admissionv1.AdmissionResponse {
	t.Helper()
	job, err := json.Marshal(mpijobtest.MakeMPIJob(name, namespace).Obj())
	if err != nil {
		t.Fatal(err)
	}
	review := admissionv1.AdmissionReview{TypeMeta: metav1.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"},
		Request: &admissionv1.AdmissionRequest{UID: "1", Operation: admissionv1.Create, Namespace: namespace, Name: name,
			Object: runtime.RawExtension{Raw: job},
			UserInfo: authenticationv1.UserInfo{Username: username, Extra: map[string]authenticationv1.ExtraValue{
				"run.ai/uid": {uid}, "run.ai/gid": {uid}, "run.ai/source": {"keycloak-hpc"}}}}}
	body, err := json.Marshal(review)
	if err != nil {
		t.Fatal(err)
	}
	hooks := &admissionregistrationv1.MutatingWebhookConfigurationList{}
	if err := product.Client.List(t.Context(), hooks); err != nil || len(hooks.Items) != 1 {
		t.Fatalf("%d webhooks, %v", len(hooks.Items), err)
	}
	trusting := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // an attacker does not verify it
	reviewer := http.Client{Timeout: 10 * time.Second, Transport: trusting}
	answer, err := reviewer.Post(*hooks.Items[0].Webhooks[0].ClientConfig.URL, "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(&review); err != nil {
		t.Fatal(err)
	}
	return review.Response
}
