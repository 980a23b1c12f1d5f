package forgery

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// Another webhook rewrites the uid after ours has seen the job for the last time: it needs a third one,
// since ours is asked again after a change.
func TestT23LaterWebhook(t *testing.T) {
	namespace, alice := product.AddProject(t, "t23", required), login(t, broker, alices)
	const mark = `{"op":"add","path":"/metadata/labels/marked","value":"yes"}`
	const steal = `{"op":"replace","path":"/spec/mpiReplicaSpecs/Worker/template/spec/securityContext/runAsUser","value":1001}`
	thief := addWebhook(t, "x-thief", func(job *v2beta1.MPIJob) string {
		if job.Labels["marked"] == "" {
			return ""
		}
		return steal
	})
	marker := addWebhook(t, "y-marker", func(*v2beta1.MPIJob) string { return mark })
	suite.Eventually(t, "the later webhooks are called", suite.Soon, func() error {
		if alice.Create(t.Context(), mpijobtest.MakeMPIJob("stolen", namespace).Label("team", "a").Obj(), client.DryRunAll) == nil {
			return errors.New("the job is admitted")
		}
		return nil
	})
	job := mpijobtest.MakeMPIJob("stolen", namespace).Label("team", "a").Obj()
	isRefused(t, "the later change", alice.Create(t.Context(), job), "contradicts run.ai/run-as-user (1234567)")
	if *thief == 0 || *marker == 0 {
		t.Errorf("the webhooks were called %d and %d times", *thief, *marker)
	}
}

// addWebhook adds a mutating webhook of somebody else's, which is asked again as ours is, and counts its calls.
func addWebhook(t *testing.T, name string, patch func(*v2beta1.MPIJob) string) *int {
	t.Helper()
	calls := 0
	server := serveAdmission(t, func(request *admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse {
		calls++
		job, kind := &v2beta1.MPIJob{}, admissionv1.PatchTypeJSONPatch
		response := &admissionv1.AdmissionResponse{UID: request.UID, Allowed: json.Unmarshal(request.Object.Raw, job) == nil}
		if operation := patch(job); operation != "" {
			response.Patch, response.PatchType = []byte("["+operation+"]"), &kind
		}
		return response
	})
	none, again := admissionregistrationv1.SideEffectClassNone, admissionregistrationv1.IfNeededReinvocationPolicy
	fail := admissionregistrationv1.Fail
	creations := admissionregistrationv1.RuleWithOperations{
		Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create},
		Rule: admissionregistrationv1.Rule{
			APIGroups: []string{"kubeflow.org"}, APIVersions: []string{"*"}, Resources: []string{"mpijobs"},
		},
	}
	hook := &admissionregistrationv1.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: name}}
	hook.Webhooks = []admissionregistrationv1.MutatingWebhook{{
		Name:                    name + ".example.com",
		AdmissionReviewVersions: []string{"v1"},
		SideEffects:             &none,
		ReinvocationPolicy:      &again,
		FailurePolicy:           &fail,
		ClientConfig:            admissionregistrationv1.WebhookClientConfig{URL: &server.URL, CABundle: authorityOf(server)},
		Rules:                   []admissionregistrationv1.RuleWithOperations{creations},
		NamespaceSelector:       &metav1.LabelSelector{MatchLabels: map[string]string{"runai/queue": "t23"}},
	}}
	product.Create(t, hook)
	t.Cleanup(func() {
		if err := product.Client.Delete(context.WithoutCancel(t.Context()), hook); err != nil {
			t.Error(err)
		}
	})
	return &calls
}

func serveAdmission(t *testing.T, review func(*admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse) *httptest.Server {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked admissionv1.AdmissionReview
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil || asked.Request == nil {
			http.Error(w, "no review", http.StatusBadRequest)
			return
		}
		asked.Response, asked.Request = review(asked.Request), nil
		_ = json.NewEncoder(w).Encode(asked) // the client is gone
	}))
	t.Cleanup(server.Close)
	return server
}

func authorityOf(server *httptest.Server) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
}
