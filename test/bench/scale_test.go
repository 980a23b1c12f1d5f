package bench

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/runai-mpi/runai-mpi/webhook/server"
)

const rounds, requests = 10, 500

// BenchmarkScale admits the same job with one person and project in the cache, and with thousands. The result
// is the ratio of the medians of 10 rounds each; a round is the median of its requests. Requests to the two
// alternate, so that other load on the machine affects both equally.
func BenchmarkScale(b *testing.B) {
	makeCrowd(b)
	awaitAdmission(b, people-1, projects-1)
	alone, crowded := handlers(b, alone()), handlers(b, everybody())
	final, err := admitted(b.Context(), 0, 0)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("mutate", func(b *testing.B) { compare(b, alone, crowded, server.MutatePath, admissionReview(b, sampleJob(0))) })
	b.Run("validate", func(b *testing.B) { compare(b, alone, crowded, server.ValidatePath, admissionReview(b, final)) })
}

func compare(b *testing.B, alone, crowded http.Handler, path string, body []byte) {
	var without, with []time.Duration
	for b.Loop() {
		for range rounds {
			oneWithout, oneWith := make([]time.Duration, requests), make([]time.Duration, requests)
			for i := range requests {
				oneWithout[i], oneWith[i] = timed(b, alone, path, body), timed(b, crowded, path, body)
			}
			without, with = append(without, median(oneWithout)), append(with, median(oneWith))
		}
	}
	b.ReportMetric(0, "ns/op") // hide it: an operation is many requests
	b.ReportMetric(float64(median(without).Nanoseconds()), "ns/alone")
	b.ReportMetric(float64(median(with).Nanoseconds()), "ns/crowded")
	b.ReportMetric(float64(median(with))/float64(median(without)), "ratio")
}

func timed(b *testing.B, handler http.Handler, path string, body []byte) time.Duration {
	request := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	recorder := httptest.NewRecorder()
	start := time.Now()
	handler.ServeHTTP(recorder, request)
	took := time.Since(start)
	if !bytes.Contains(recorder.Body.Bytes(), []byte(`"allowed":true`)) {
		b.Fatal(recorder.Body.String())
	}
	return took
}

func median(times []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// admissionReview returns the request that the API server sends when person 0 creates a job.
func admissionReview(b *testing.B, job *v2beta1.MPIJob) []byte {
	b.Helper()
	object, err := json.Marshal(job)
	if err != nil {
		b.Fatal(err)
	}
	text, err := json.Marshal(admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: admissionv1.SchemeGroupVersion.String(), Kind: "AdmissionReview"},
		Request: &admissionv1.AdmissionRequest{
			UID: "1", Operation: admissionv1.Create, Namespace: job.Namespace, Name: job.Name,
			Kind:     metav1.GroupVersionKind(v2beta1.SchemeGroupVersionKind),
			Resource: metav1.GroupVersionResource{Group: v2beta1.GroupName, Version: "v2beta1", Resource: "mpijobs"},
			Object:   runtime.RawExtension{Raw: object},
			UserInfo: authenticationv1.UserInfo{Username: subject(0), Groups: []string{"system:authenticated"}},
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	return text
}
