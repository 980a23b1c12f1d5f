package server

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	authenticationv1 "k8s.io/api/authentication/v1"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/runai-mpi/runai-mpi/test/yardstick"
)

// subjects are whole admissions, AdmissionReview in and out, of a job of 4 KB: with every policy, next to
// controller-runtime's typed defaulter that changes nothing, or adds a volume, a mount and an annotation for each role.
// The validating calls and the updates get the job as the API server sends it after the mutating call.
func subjects(t testing.TB) []subject {
	others := yardstick.Handlers()
	m := mutator()
	m.Reviewer = m.Reviewer.Prepared()
	mutates := envelope{observed{Handler: m, webhook: "mutate", projectOf: m.projectOf}, MutatePath}
	validates := envelope{observed{Handler: &Validator{m.Lookups, m.Reviewer}, webhook: "validate"}, ValidatePath}
	job, users := largeJob(), yardstick.AsUser(largeJob())
	created, usersCreated := reviewOf(job), reviewOf(users)
	stored, usersStored := storedAs(t, m, created), storedAs(t, m, usersCreated)
	return []subject{
		{"bare", &admission.Webhook{Handler: others[yardstick.Allow]}, created, 0},
		{"defaulter-nothing", &admission.Webhook{Handler: others[yardstick.DefaulterNothing]}, created, 0},
		{"defaulter-one-mutation", &admission.Webhook{Handler: others[yardstick.DefaulterOne]}, created, 0},
		{"envelope", envelope{others[yardstick.Allow], MutatePath}, created, 45},
		{"all-policies", mutates, created, 570},
		{"all-policies-as-user", mutates, usersCreated, 830},
		{"validate", validates, reviewOf(stored), 560},
		{"validate-as-user", validates, reviewOf(usersStored), 1040},
		{"update-scaled", mutates, updatedTo(usersStored, scaled), 2100},
		{"update-validate-scaled", validates, updatedTo(usersStored, scaled), 2100},
		{"update-reapplied", mutates, updatedTo(usersStored, func(*v2beta1.MPIJob) *v2beta1.MPIJob { return users }), 3200},
	}
}

type subject struct {
	name        string
	handler     http.Handler
	body        []byte
	allocations float64 // at most, of ours
}

// BenchmarkHandler measures admissions. Look at the ratios of cpu-ns/op in one run.
func BenchmarkHandler(b *testing.B) {
	for _, subject := range subjects(b) {
		b.Run(subject.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(subject.body)))
			start := usedCPU()
			for b.Loop() {
				subject.serve(b)
			}
			b.ReportMetric(float64(usedCPU()-start)/float64(b.N), "cpu-ns/op")
		})
	}
}

// An admission allocates no more than a bound a little above what it needs. Lower it when it needs less.
func TestAllocations(t *testing.T) {
	for _, subject := range subjects(t) {
		got := testing.AllocsPerRun(20, func() { subject.serve(t) })
		if t.Logf("%s: %.0f", subject.name, got); subject.allocations > 0 && got > raceFactor*subject.allocations {
			t.Errorf("%s: %.0f allocations, more than %.0f", subject.name, got, subject.allocations)
		}
	}
}

func (s subject) serve(t testing.TB) {
	recorder := httptest.NewRecorder()
	s.handler.ServeHTTP(recorder, postOf(bytes.NewReader(s.body)))
	if !bytes.Contains(recorder.Body.Bytes(), []byte(`"allowed":true`)) {
		t.Fatal(recorder.Body.String())
	}
}

// storedAs returns a job as the mutating webhook makes it.
func storedAs(t testing.TB, m *Mutator, body []byte) *v2beta1.MPIJob {
	t.Helper()
	request, err := decodeReview(body)
	if err != nil {
		t.Fatal(err)
	}
	stored := &v2beta1.MPIJob{}
	if err := json.Unmarshal(applied(t, request.Object.Raw, m.Handle(t.Context(), request)), stored); err != nil {
		t.Fatal(err)
	}
	return stored
}

func scaled(job *v2beta1.MPIJob) *v2beta1.MPIJob {
	*job.Spec.MPIReplicaSpecs["Worker"].Replicas++
	return job
}

func updatedTo(stored *v2beta1.MPIJob, change func(*v2beta1.MPIJob) *v2beta1.MPIJob) []byte {
	return yardstick.Update(change(stored.DeepCopy()), stored, measuredUser())
}

func reviewOf(object *v2beta1.MPIJob) []byte { return yardstick.Creation(object, measuredUser()) }

func measuredUser() authenticationv1.UserInfo {
	return authenticationv1.UserInfo{Username: "saml:alice@example.com", Extra: map[string]authenticationv1.ExtraValue{
		"run.ai/uid": {"1234567"}, "run.ai/gid": {"54000"}, "run.ai/supplementary-groups": {"60001", "60002"},
	}}
}

func largeJob() *v2beta1.MPIJob { return yardstick.Job(namespace, "team-a") }
