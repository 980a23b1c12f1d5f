package policy_test

import (
	"context"
	"encoding/json"
	"maps"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	ctrladmission "sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/webhook/review"
	"github.com/runai-mpi/runai-mpi/webhook/server"
)

// warnedOnly has the handlers of a cluster whose only project is that of a golden, and is warn-only.
type warnedOnly struct{ submission }

func (w warnedOnly) FactsOf(context.Context, string) (review.NamespaceFacts, error) {
	project := w.project.DeepCopy()
	project.Spec.WarnOnlyUntil = "2999-12-31"
	return review.NamespaceFacts{
		Project: project, PodSecurity: review.PodSecurityOf(w.labels), WarnOnly: review.WarnOnlyOf(project, "runai-team-a", w.labels),
	}, nil
}

func (warnedOnly) EntriesOf(context.Context, string) ([]v1alpha1.PosixIdentity, error) {
	return nil, nil
}

func (warnedOnly) KeepsGroupsPolicy(context.Context) (bool, error) { return true, nil }

func (w warnedOnly) handlers() []ctrladmission.Handler {
	lookups := server.Lookups{Namespaces: w, Directory: w, Schema: w}
	return []ctrladmission.Handler{&server.Mutator{Lookups: lookups, Reviewer: w.reviewer()}, &server.Validator{Lookups: lookups, Reviewer: w.reviewer()}}
}

// isStoredAsItIs asserts that neither webhook changes or refuses a creation, or an update of another job. It returns
// how many of the requests would be refused otherwise.
func (w warnedOnly) isStoredAsItIs(t *testing.T, job, other []byte) (wouldBeRefused int) {
	t.Helper()
	request := admissionv1.AdmissionRequest{UID: "1", Namespace: "runai-team-a", UserInfo: w.user, Object: runtime.RawExtension{Raw: job}}
	creation, update := request, request
	creation.Operation, update.Operation, update.OldObject.Raw = admissionv1.Create, admissionv1.Update, other
	for _, request := range []admissionv1.AdmissionRequest{creation, update} {
		for _, handler := range w.handlers() {
			response := handler.Handle(t.Context(), ctrladmission.Request{AdmissionRequest: request})
			if isBound(response) {
				continue
			}
			if !response.Allowed || len(response.Patch) > 0 || len(response.Patches) > 0 {
				t.Fatalf("%s: %T: %+v of %s", request.Operation, handler, response, job)
			}
			if strings.Contains(strings.Join(response.Warnings, " "), "would be refused") {
				wouldBeRefused++
			}
		}
	}
	return wouldBeRefused
}

// isBound reports whether a job is refused because reading it would cost too much.
func isBound(response ctrladmission.Response) bool {
	return !response.Allowed && strings.Contains(response.Result.Message, " at most ")
}

// doesNotAsk removes what asks for the webhook.
func doesNotAsk(job *v2beta1.MPIJob) *v2beta1.MPIJob {
	isOurs := func(key, _ string) bool {
		return strings.HasPrefix(key, annotations.Prefix) || strings.HasPrefix(key, annotations.FilesPrefix)
	}
	maps.DeleteFunc(job.Annotations, isOurs)
	for _, role := range job.Spec.MPIReplicaSpecs {
		if role == nil {
			continue
		}
		maps.DeleteFunc(role.Template.Annotations, isOurs)
		role.Template.Spec.SchedulingGates = slices.DeleteFunc(role.Template.Spec.SchedulingGates, func(gate corev1.PodSchedulingGate) bool {
			return gate.Name == annotations.AdmissionGate
		})
	}
	return job
}

func toJSON(t testing.TB, job *v2beta1.MPIJob) []byte {
	t.Helper()
	raw, err := json.Marshal(job)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// FuzzWarnedOnly creates and updates random jobs that do not ask for the webhook in warn-only namespaces: it never
// changes or refuses one.
func FuzzWarnedOnly(f *testing.F) {
	submissions := loadSubmissions(f)
	for i := range submissions {
		f.Add([]byte("some bytes to begin with, from which the job is filled"), uint(i))
	}
	f.Fuzz(func(t *testing.T, data []byte, n uint) {
		s := submissions[n%uint(len(submissions))]
		warnedOnly{s}.isStoredAsItIs(t, toJSON(t, doesNotAsk(randomJob(data))), toJSON(t, doesNotAsk(s.job.DeepCopy())))
	})
}

// FuzzWarnedOnlyJSON does the same with any JSON, also such that does not decode as a job.
func FuzzWarnedOnlyJSON(f *testing.F) {
	submissions := loadSubmissions(f)
	for i, s := range submissions {
		f.Add(toJSON(f, s.job), uint(i))
		f.Add([]byte(strings.ReplaceAll(string(toJSON(f, s.job)), `"replicas":`, `"replicas":"many","x":`)), uint(i))
	}
	f.Fuzz(func(t *testing.T, data []byte, n uint) {
		if !json.Valid(data) || review.Asks(data) {
			return
		}
		s := submissions[n%uint(len(submissions))]
		warnedOnly{s}.isStoredAsItIs(t, data, toJSON(t, doesNotAsk(s.job.DeepCopy())))
	})
}

// Most of the random jobs would be changed or refused elsewhere.
func TestWarnedOnlyRandomJobs(t *testing.T) {
	const jobs = 1000
	submissions, refused := loadSubmissions(t), 0
	for seed := range int64(jobs) {
		data := make([]byte, 200)
		rand.New(rand.NewSource(seed)).Read(data)
		s := submissions[seed%int64(len(submissions))]
		refused += warnedOnly{s}.isStoredAsItIs(t, toJSON(t, doesNotAsk(randomJob(data))), toJSON(t, doesNotAsk(s.job.DeepCopy())))
	}
	if refused < jobs/10 {
		t.Errorf("only %d of %d requests would be refused elsewhere", refused, 2*jobs)
	}
	t.Logf("%d of %d requests would be refused elsewhere", refused, 2*jobs)
}
