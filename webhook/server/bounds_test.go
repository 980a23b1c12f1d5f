package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	rt "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/pod-security-admission/api"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
	kubejson "sigs.k8s.io/json"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/flood"
	"github.com/runai-mpi/runai-mpi/webhook/review"
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

// restricted is a cache with one project, whose namespace enforces the strictest standard.
type restricted struct{ oneProject }

func (r restricted) FactsOf(ctx context.Context, namespace string) (review.NamespaceFacts, error) {
	facts, err := r.oneProject.FactsOf(ctx, namespace)
	facts.PodSecurity = api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	return facts, err
}

// strictMutator is a mutator whose project requires identities, in a restricted namespace, with the KAI scheduler.
func strictMutator() *Mutator {
	m := manyTypes()
	project := m.Namespaces.(oneProject)
	project.project.Spec.Identity = v1alpha1.IdentityRequired
	project.project.Spec.Restrictions = v1alpha1.Restrictions{HostPath: v1alpha1.Deny, HostNetwork: v1alpha1.Deny, HostIPC: v1alpha1.Deny}
	m.Namespaces = restricted{project}
	m.Reviewer.Cluster.GPU.Fractions = config.FractionsKAI
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

func updateReview(t testing.TB, old, object []byte) []byte {
	return reviewByFloodUser(t, admissionv1.AdmissionRequest{
		Operation: admissionv1.Update, Object: rt.RawExtension{Raw: object}, OldObject: rt.RawExtension{Raw: old},
	})
}

func creationReview(t testing.TB, object []byte) []byte {
	return reviewByFloodUser(t, admissionv1.AdmissionRequest{Operation: admissionv1.Create, Object: rt.RawExtension{Raw: object}})
}

func reviewByFloodUser(t testing.TB, request admissionv1.AdmissionRequest) []byte {
	request.UID, request.Namespace, request.UserInfo = "1", namespace, floodUser()
	return marshal(t, admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: reviewVersion, Kind: reviewKind}, Request: &request,
	})
}

// cost is what a call allocated, and the CPU time of the process meanwhile.
type cost struct {
	bytes, objects uint64
	cpu            time.Duration
}

func costOf(call func()) cost {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := usedCPU()
	call()
	cpu := usedCPU() - start
	runtime.ReadMemStats(&after)
	return cost{after.TotalAlloc - before.TotalAlloc, after.Mallocs - before.Mallocs, cpu}
}

func usedCPU() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// answer posts a review to a handler.
func answer(handler admission.Handler, body []byte) (*admissionv1.AdmissionResponse, cost) {
	var recorder *httptest.ResponseRecorder
	request := postOf(bytes.NewReader(body))
	spent := costOf(func() { recorder = posted(handler, request) })
	var review admissionv1.AdmissionReview
	if err := json.Unmarshal(recorder.Body.Bytes(), &review); err != nil {
		return nil, spent
	}
	return review.Response, spent
}

// inBounds returns an error if a call allocated more than a review of so many bytes may cost.
func (c cost) inBounds(body []byte) error {
	bytes, objects := uint64(min(2<<20+320*len(body), 64<<20+10*len(body))), uint64(20_000+4*len(body))
	if c.bytes > raceFactor*bytes || c.objects > raceFactor*objects {
		return fmt.Errorf("%d bytes allocated %d bytes (at most %d) and %d objects (at most %d)", len(body), c.bytes, bytes, c.objects, objects)
	}
	if c.cpu > 5*time.Second { // the race detector takes most of it; test/forgery holds the real process to one
		return fmt.Errorf("%d bytes took %s of CPU time", len(body), c.cpu)
	}
	return nil
}

// Updates of a job that was admitted, and as large as it may be, are bounded, too.
func TestUpdatesOfFloodsAreBounded(t *testing.T) {
	for _, m := range []*Mutator{manyTypes(), strictMutator()} {
		for _, job := range append(flood.Jobs(namespace), flood.Namesakes(namespace)...) {
			response, _ := answer(m, creationReview(t, job.JSON))
			if !response.Allowed {
				continue
			}
			stored := applied(t, job.JSON, admission.Response{AdmissionResponse: *response})
			for name, object := range map[string][]byte{
				"applied again": job.JSON,
				"scaled":        bytes.Replace(stored, []byte(`"replicas":2`), []byte(`"replicas":3`), 1),
				"changed":       bytes.ReplaceAll(stored, []byte(`example/mpi`), []byte(`example/steal`)),
				"emptied":       marshal(t, mpijobtest.MakeMPIJob("flood", namespace).Obj()),
			} {
				body := updateReview(t, stored, object)
				if _, spent := answer(m, body); spent.inBounds(body) != nil {
					t.Errorf("%s, %s: %s", job.Name, name, spent.inBounds(body))
				}
			}
		}
	}
}

// Whatever the project requires, reviews of the same jobs are bounded.
func TestFloodsOfStrictProjects(t *testing.T) {
	strict, optional := strictMutator(), manyTypes()
	optional.Namespaces = restricted{optional.Namespaces.(oneProject)}
	for _, job := range append(flood.Jobs(namespace), flood.Namesakes(namespace)...) {
		body := creationReview(t, job.JSON)
		for _, handler := range []admission.Handler{strict, optional, &Validator{strict.Lookups, strict.Reviewer}} {
			response, spent := answer(handler, body)
			if err := spent.inBounds(body); err != nil {
				t.Errorf("%s: %T: %s", job.Name, handler, err)
			}
			if size := len(marshal(t, response)); size > 256<<10 && !response.Allowed {
				t.Errorf("%s: %T: the answer has %d bytes", job.Name, handler, size)
			}
		}
	}
}

func TestFloodsAreBounded(t *testing.T) {
	m := manyTypes()
	for _, job := range append(flood.Jobs(namespace), flood.Namesakes(namespace)...) {
		body := creationReview(t, job.JSON)
		t.Run(job.Name, func(t *testing.T) {
			for _, handler := range []admission.Handler{m, &Validator{m.Lookups, m.Reviewer}} {
				response, spent := answer(handler, body)
				t.Logf("%T: %d kB, %d kB and %d objects allocated", handler, len(body)>>10, spent.bytes>>10, spent.objects)
				if err := spent.inBounds(body); err != nil {
					t.Errorf("%T: %s", handler, err)
				}
				if size := len(marshal(t, response)); size > 256<<10 && !response.Allowed {
					t.Errorf("%T: the answer has %d bytes", handler, size)
				}
				if _, mutates := handler.(*Mutator); !mutates {
					continue // it sees a job that is not yet mutated
				}
				var refused error
				if !response.Allowed {
					refused = errors.New(response.Result.Message)
				}
				if err := job.Verdict(refused); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// An update of a stored job is not refused for its size, but nothing large is built.
func TestUpdatesOfLargeJobs(t *testing.T) {
	m := manyTypes()
	text := strings.Repeat("x", 1_400_000)
	large := mpijobtest.MakeMPIJob("large", namespace).Annotation(annotations.RunAsUserKey, "true").Obj()
	large.Spec.MPIReplicaSpecs["Launcher"].Template.Spec.Containers[0].Args = []string{text + text}
	stored := marshal(t, large)
	var many []byte
	for _, job := range flood.Jobs(namespace) {
		if strings.Contains(job.Name, "200000 empty") {
			many = job.JSON
		}
	}
	withFinalizer := func(raw []byte) []byte {
		return bytes.Replace(raw, []byte(`"metadata":{`), []byte(`"metadata":{"finalizers":["example.com/a"],`), 1)
	}
	small := marshal(t, mpijobtest.MakeMPIJob("large", namespace).Obj())
	for _, test := range []struct {
		name        string
		old, object []byte
		want        string
	}{
		{"another finalizer of a job of 3 MB", stored, withFinalizer(stored), ""},
		{"resumption of a job of 3 MB", stored, bytes.Replace(stored, []byte(`"runPolicy":{}`), []byte(`"runPolicy":{"suspend":true}`), 1), ""},
		{"another image of a job of 3 MB", stored, bytes.Replace(stored, []byte("example/mpi"), []byte("example/steal"), 1), "cannot be changed after submission"},
		{"another finalizer of a job with many elements", many, withFinalizer(many), ""},
		{"another image of a job with many elements", many, bytes.Replace(many, []byte("example/mpi"), []byte("example/steal"), 1), "must have at most 100 elements"},
		{"another annotation of a job with many elements", many, bytes.Replace(many, []byte(`"annotations":{`), []byte(`"annotations":{"run.ai/gpu":"1"`), 1), "must have at most 100 elements"},
		{"many elements in a small job", small, many, "must have at most 100 elements"},
		{"a small job instead of many elements", many, small, "must have at most 100 elements"},
	} {
		for _, handler := range []admission.Handler{m, &Validator{m.Lookups, m.Reviewer}} {
			t.Run(fmt.Sprintf("%s/%T", test.name, handler), func(t *testing.T) {
				if bytes.Equal(test.old, test.object) {
					t.Fatal("the update changes nothing")
				}
				body := updateReview(t, test.old, test.object)
				response, spent := answer(handler, body)
				if err := spent.inBounds(body); err != nil {
					t.Error(err)
				}
				if response.Allowed != (test.want == "") || !response.Allowed && !strings.Contains(response.Result.Message, test.want) {
					t.Errorf("allowed: %t, %.300v", response.Allowed, response.Result)
				}
			})
		}
	}
}

// FuzzReviews posts any body to both webhooks. Whatever it is, the answer is an AdmissionReview or a status of 400 or
// above, and costs a bounded amount for each byte. A panic would be an AdmissionReview with a status of 500.
func FuzzReviews(f *testing.F) {
	m := manyTypes()
	job := marshal(f, mpijobtest.MakeMPIJob("dist1", namespace).Annotation(annotations.RunAsUserKey, "true").
		Annotation(annotations.GitSyncKey, "source=https://git.example.com/code").Obj())
	f.Add(creationReview(f, job))
	f.Add(updateReview(f, job, job))
	f.Add([]byte(`{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{}}`))
	for _, job := range append(flood.Jobs(namespace), flood.Namesakes(namespace)...) {
		if len(job.JSON) < 20_000 {
			f.Add(creationReview(f, job.JSON))
			f.Add(updateReview(f, job.JSON, job.JSON))
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, handler := range []admission.Handler{m, &Validator{m.Lookups, m.Reviewer}} {
			if err := malformed(posted(handler, postOf(bytes.NewReader(body)))); err != nil {
				t.Errorf("%T: %s", handler, err)
			}
			_, spent := answer(handler, body)
			if spent.inBounds(body) != nil {
				if _, again := answer(handler, body); again.inBounds(body) != nil { // not what the runtime allocated by the way
					t.Errorf("%T: %s", handler, again.inBounds(body))
				}
			}
		}
	})
}

// malformed returns an error unless a response is an AdmissionReview without a bug, or an API status of 400 to 499.
func malformed(recorder *httptest.ResponseRecorder) error {
	text := recorder.Body.Bytes()
	var answer struct {
		admissionv1.AdmissionReview
	}
	if err := kubejson.UnmarshalCaseSensitivePreserveInts(text, &answer); err != nil {
		return err
	}
	switch got := answer.Response; {
	case recorder.Code != http.StatusOK:
		if recorder.Code < 400 || recorder.Code > 499 || answer.Kind != "Status" {
			return fmt.Errorf("status %d: %s", recorder.Code, text)
		}
	case got == nil || got.UID == "" || got.Result == nil || answer.Kind != reviewKind || answer.APIVersion != reviewVersion:
		return fmt.Errorf("answer %s", text)
	case got.Result.Code == http.StatusInternalServerError || (len(got.Patch) > 0) != (got.PatchType != nil):
		return fmt.Errorf("bug: %s", text)
	}
	return nil
}
