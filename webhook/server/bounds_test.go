package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	rt "k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/test/flood"
)

// manyTypes is a mutator whose project has 64 node types, and whose user has 256 groups.
func manyTypes() *Mutator {
	m := mutator()
	project := m.Namespaces.(oneProject).project
	for n := range 64 {
		project.Spec.NodeAffinity.Train = append(project.Spec.NodeAffinity.Train, fmt.Sprintf("type-%d-of-a-node-with-gpus", n))
	}
	return m
}

func floodUser() authenticationv1.UserInfo {
	groups := make([]string, 256)
	for n := range groups {
		groups[n] = fmt.Sprint(2_000_000_000 + n)
	}
	return authenticationv1.UserInfo{Username: "eve", Extra: map[string]authenticationv1.ExtraValue{
		"run.ai/uid": {"1000001"}, "run.ai/gid": {"54000"}, "run.ai/supplementary-groups": groups,
	}}
}

func creationReview(t testing.TB, object []byte) []byte {
	return marshal(t, admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: admissionv1.SchemeGroupVersion.String(), Kind: "AdmissionReview"},
		Request: &admissionv1.AdmissionRequest{
			UID: "1", Operation: admissionv1.Create, Namespace: namespace, Object: rt.RawExtension{Raw: object}, UserInfo: floodUser(),
		},
	})
}

// cost is what a call allocated.
type cost struct{ bytes, objects uint64 }

func costOf(call func()) cost {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	call()
	runtime.ReadMemStats(&after)
	return cost{after.TotalAlloc - before.TotalAlloc, after.Mallocs - before.Mallocs}
}

// answer posts a review to a handler.
func answer(handler admission.Handler, body []byte) (*admissionv1.AdmissionResponse, cost) {
	recorder := httptest.NewRecorder()
	request := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	raise := false
	spent := costOf(func() {
		(&admission.Webhook{Handler: handler, RecoverPanic: &raise}).ServeHTTP(recorder, request)
	})
	var review admissionv1.AdmissionReview
	if err := json.Unmarshal(recorder.Body.Bytes(), &review); err != nil {
		return nil, spent
	}
	return review.Response, spent
}

func TestFloodsAreBounded(t *testing.T) {
	m := manyTypes()
	for _, job := range append(flood.Jobs(namespace), flood.Namesakes(namespace)...) {
		body := creationReview(t, job.JSON)
		for _, handler := range []admission.Handler{m, &Validator{m.Lookups, m.Reviewer}} {
			t.Run(fmt.Sprintf("%s/%T", job.Name, handler), func(t *testing.T) {
				response, spent := answer(handler, body)
				t.Logf("%d kB: %d kB and %d objects allocated, answer %d kB", len(body)>>10, spent.bytes>>10, spent.objects, len(marshal(t, response))>>10)
				message := ""
				if response.Result != nil {
					message = response.Result.Message
				}
				if _, mutates := handler.(*Mutator); mutates && (response.Allowed != (job.Refusal == "") || !strings.Contains(message, job.Refusal)) {
					t.Errorf("allowed: %t, %.300s", response.Allowed, message)
				}
			})
		}
	}
	_ = annotations.Prefix
}
