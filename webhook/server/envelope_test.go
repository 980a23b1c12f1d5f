package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/client_golang/prometheus/testutil"
	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	rt "k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission/metrics"
	kubejson "sigs.k8s.io/json"
	"sigs.k8s.io/randfill"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

// posted returns the answer of a handler to a request, as HTTP transports it.
func posted(handler admission.Handler, request *http.Request) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	envelope{handler, MutatePath}.ServeHTTP(recorder, request)
	return recorder
}

func postOf(body io.Reader) *http.Request {
	request := httptest.NewRequest(http.MethodPost, MutatePath, body)
	request.Header.Set("Content-Type", "application/json")
	return request
}

func reviewIn(t *testing.T, recorder *httptest.ResponseRecorder) admissionv1.AdmissionReview {
	t.Helper()
	var review admissionv1.AdmissionReview
	text := recorder.Body.Bytes()
	if err := json.Unmarshal(text, &review); err != nil || recorder.Code != http.StatusOK {
		t.Fatalf("%d: %.500s", recorder.Code, text)
	}
	return review
}

const emptyReview = `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"705ab4f5"}}`

// What no API server sends is not handled, and gets a status that is readable.
func TestForeignRequests(t *testing.T) {
	body := func(text string) *http.Request { return postOf(strings.NewReader(text)) }
	replaced := func(from, to string) *http.Request { return body(strings.Replace(emptyReview, from, to, 1)) }
	with := func(request *http.Request, change func(*http.Request)) *http.Request {
		change(request)
		return request
	}
	long := emptyReview + strings.Repeat(" ", largestRequest+1-len(emptyReview))
	for _, test := range []struct {
		name    string
		request *http.Request
		want    int
	}{
		{"a review", body(emptyReview), http.StatusOK},
		{"another method", httptest.NewRequest(http.MethodGet, MutatePath, nil), http.StatusMethodNotAllowed},
		{"no content type", with(body(emptyReview), func(r *http.Request) { r.Header.Del("Content-Type") }), http.StatusUnsupportedMediaType},
		{"YAML", with(body(emptyReview), func(r *http.Request) { r.Header.Set("Content-Type", "application/yaml") }), http.StatusUnsupportedMediaType},
		{"nothing", body(""), http.StatusBadRequest},
		{"an end in the middle", body(emptyReview[:50]), http.StatusBadRequest},
		{"a connection that ends in the middle", postOf(io.MultiReader(strings.NewReader(emptyReview[:50]), broken{})), http.StatusBadRequest},
		{"something after it", body(emptyReview + "{}"), http.StatusBadRequest},
		{"no JSON", body("kind: AdmissionReview"), http.StatusBadRequest},
		{"null", body("null"), http.StatusBadRequest},
		{"a list", body("[" + emptyReview + "]"), http.StatusBadRequest},
		{"a great depth", body(strings.Repeat("[", 10_001) + strings.Repeat("]", 10_001)), http.StatusBadRequest},
		{"a great depth in an object", replaced(`"uid":`, `"object":`+strings.Repeat(`{"a":`, 10_001)+"1"+strings.Repeat("}", 10_001)+`,"uid":`), http.StatusBadRequest},
		{"an object that is not JSON", replaced(`"uid":`, `"object":{"a"},"uid":`), http.StatusBadRequest},
		{"another kind", replaced("AdmissionReview", "ConversionReview"), http.StatusBadRequest},
		{"the beta", replaced("k8s.io/v1", "k8s.io/v1beta1"), http.StatusBadRequest},
		{"no version", body(`{"kind":"AdmissionReview","request":{"uid":"1"}}`), http.StatusBadRequest},
		{"no request", replaced(`"request":{"uid":"705ab4f5"}`, `"a":1`), http.StatusBadRequest},
		{"a request that is null", replaced(`{"uid":"705ab4f5"}`, `null`), http.StatusBadRequest},
		{"a name in capitals", replaced("request", "Request"), http.StatusBadRequest},
		{"no uid", replaced("uid", "id"), http.StatusBadRequest},
		{"a uid that is a number", replaced(`"705ab4f5"`, "1"), http.StatusBadRequest},
		{"a long uid", replaced("705ab4f5", strings.Repeat("a", longestUID+1)), http.StatusBadRequest},
		{"as much as is read", body(long[:largestRequest]), http.StatusOK},
		{"more than is read", body(long), http.StatusRequestEntityTooLarge},
		{"more than is read, of unknown length", postOf(io.MultiReader(strings.NewReader(long))), http.StatusRequestEntityTooLarge},
	} {
		t.Run(test.name, func(t *testing.T) {
			called := false
			recorder := posted(admission.HandlerFunc(func(context.Context, admission.Request) admission.Response {
				called = true
				return admission.Allowed("")
			}), test.request)
			text := recorder.Body.Bytes()
			if recorder.Code != test.want || called != (test.want == http.StatusOK) {
				t.Fatalf("got %d, called: %t: %.500s", recorder.Code, called, text)
			}
			var status metav1.Status
			if err := json.Unmarshal(text, &status); err != nil || recorder.Header().Get("Content-Type") != "application/json" {
				t.Fatalf("%s, %v", recorder.Header(), err)
			}
			if !called && (int(status.Code) != test.want || status.Kind != "Status" || status.Message == "" || strings.Contains(status.Message, "Go ")) {
				t.Errorf("got %+v", status)
			}
		})
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// Somebody who is not the API server sends users that would take a hundred times their size. What is within the objects
// is bounded by itself, and nothing is made of what is unknown.
func TestSprawlingReviews(t *testing.T) {
	many := strings.Repeat(`"",`, 100_000) + `""`
	for _, test := range []struct {
		name, request string
		passes        bool
	}{
		{"groups", `"userInfo":{"groups":[` + many + `]}`, false},
		{"values of an attribute", `"userInfo":{"extra":{"a":[` + many + `]}}`, false},
		{"attributes", `"userInfo":{"extra":{` + strings.Repeat(`"a":[],`, 20_000) + `"b":[]}}`, false},
		{"unknown members of the user", `"userInfo":{"object":[` + many + `]}`, false},
		{"a long name", `"name":"` + strings.Repeat("<", 1<<20) + `"`, true},
		{"a long namespace", `"namespace":"` + strings.Repeat("<", 1<<20) + `"`, false},
		{"a long user", `"userInfo":{"username":"` + strings.Repeat("<", 1<<20) + `"}`, false},
		{"a namespace that is not too long", `"namespace":"` + strings.Repeat("<", longestText) + `"`, true},
		{"unknown members", `"x":[` + many + `]`, true},
		{"objects in options", `"options":{"x":[` + many + `]}`, true},
		{"objects that are bounded by themselves", `"object":[` + many + `],"oldObject":{"x":[` + many + `]}`, true},
		{"a thousand groups with many commas", `"userInfo":{"groups":[` + strings.Repeat(`"CN=a,OU=b,OU=c,OU=d,OU=e,OU=f,OU=g,OU=h,DC=i,DC=j,DC=k",`, 1000) + `"b"]}`, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			body := []byte(strings.Replace(emptyReview, `"705ab4f5"`, `"705ab4f5",`+test.request, 1))
			passed := false
			answered, spent := answer(admission.HandlerFunc(func(context.Context, admission.Request) admission.Response {
				passed = true
				return admission.Allowed("")
			}), body)
			if err := spent.inBounds(body); err != nil || passed != test.passes || answered == nil {
				t.Fatalf("passed on: %t, answer %v, error %v", passed, answered, err)
			}
			if !passed && (answered.Allowed || answered.UID != "705ab4f5" || answered.Result.Code != http.StatusRequestEntityTooLarge) {
				t.Errorf("got %+v", answered)
			}
		})
	}
}

// Texts of megabytes are refused before they are copied. A job may be as large as an API server accepts, and its name may
// be as long as a job may be.
func TestLongTexts(t *testing.T) {
	long, half := strings.Repeat("<", 6<<20), strings.Repeat("<", 500_000)
	for _, test := range []struct {
		name, request string
		want          error
	}{
		{"a name", `"name":"` + long + `"`, errLong},
		{"an operation", `"operation":"` + long + `"`, errLong},
		{"a resource", `"resource":{"group":"` + long + `"}`, errLong},
		{"an unknown member", `"` + long + `":1`, errLong},
		{"options", `"options":{"object":"` + long + `"}`, errLong},
		{"many texts", `"name":"` + half + `","subResource":"` + half + `","namespace":"` + half + `","operation":"` + half + `"`, errLong},
		{"a user", `"userInfo":{"username":"` + long + `"}`, errLong},
		{"an attribute of a user", `"userInfo":{"extra":{"object":["` + long + `"]}}`, errLong},
		{"three groups", `"userInfo":{"groups":["` + half + `","` + half + `","` + half + `"]}`, errLong},
		{"another uid", `"uid":"` + long + `"`, errLong},
		{"two groups", `"userInfo":{"groups":["` + half + `","` + half + `"]}`, nil},
		{"two names", `"name":"` + half + `","subResource":"` + half + `"`, nil},
		{"two objects", `"object":{"a":"` + long[:3<<20] + `"},"oldObject":{"a":"` + long[:3<<20] + `"}`, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			body := []byte(strings.Replace(emptyReview, `"705ab4f5"`, `"705ab4f5",`+test.request, 1))
			var request admission.Request
			var err error
			spent := costOf(func() { request, err = decodeReview(body) })
			if fmt.Sprint(err) != fmt.Sprint(test.want) || request.UID != "705ab4f5" {
				t.Errorf("got the uid %q and the error %v", request.UID, err)
			}
			if most := uint64(2 * largestCreation); spent.bytes > most {
				t.Errorf("%d bytes allocated, more than %d", spent.bytes, most)
			}
		})
	}
}

// A review may have a response with many causes, which is not read.
func TestResponsesAreNotRead(t *testing.T) {
	causes := strings.Repeat("{},", 100_000) + "{}"
	body := []byte(strings.Replace(emptyReview, `"request"`, `"response":{"status":{"details":{"causes":[`+causes+`]}}},"request"`, 1))
	answered, spent := answer(always(admission.Allowed("")), body)
	if spent.bytes > raceFactor*uint64(2*len(body)+1<<20) || answered == nil || !answered.Allowed {
		t.Errorf("%d bytes allocated %d: %v", len(body), spent.bytes, answered)
	}
}

func always(response admission.Response) admission.Handler {
	return admission.HandlerFunc(func(context.Context, admission.Request) admission.Response { return response })
}

// Each of many users is small. Only the last one counts, and not what all of them have together.
func TestManyUsers(t *testing.T) {
	var users strings.Builder
	for n := range 100 {
		fmt.Fprintf(&users, `,"userInfo":{"extra":{"%d":["a"]}}`, n)
	}
	got, err := decodeReview([]byte(strings.Replace(emptyReview, `"705ab4f5"`, `"705ab4f5"`+users.String(), 1)))
	want := map[string]authenticationv1.ExtraValue{"99": {"a"}}
	if diff := cmp.Diff(want, got.UserInfo.Extra); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// A panic refuses its request, is counted and logged with its stack, and the next request is served.
func TestPanics(t *testing.T) {
	panics := func() float64 { return testutil.ToFloat64(metrics.WebhookPanics) }
	before, failures := panics(), countedReviews("mutate", "other", failed)
	handler := admission.HandlerFunc(func(context.Context, admission.Request) admission.Response { panic("secret of a bug") })
	var review admissionv1.AdmissionReview
	lines := logged(t, slog.LevelInfo, func() { review = reviewIn(t, posted(handler, postOf(strings.NewReader(emptyReview)))) })
	got := review.Response
	if got.Allowed || got.UID != "705ab4f5" || got.Result.Code != http.StatusInternalServerError || strings.Contains(got.Result.Message, "secret") {
		t.Errorf("got %+v", got)
	}
	if n := countedReviews("mutate", "other", failed) - failures; n != 1 {
		t.Errorf("%v reviews are counted as failed", n)
	}
	if len(lines) != 1 || lines[0]["panic"] != "secret of a bug" || !strings.Contains(lines[0]["stack"].(string), "envelope_test.go") || panics() != before+1 {
		t.Errorf("%v panics, %v", panics()-before, lines)
	}
}

// A review that an API server makes is read as Kubernetes reads it.
func TestReviewsOfAPIServers(t *testing.T) {
	for seed := range int64(500) {
		filler := randfill.NewWithSeed(seed).NilChance(0.3).NumElements(0, 3).Funcs(func(object *rt.RawExtension, c randfill.Continue) {
			if c.Bool() {
				object.Raw = []byte(fmt.Sprintf(`{"a":%d}`, c.Int63()))
			}
		})
		review := admissionv1.AdmissionReview{Request: &admissionv1.AdmissionRequest{}}
		filler.Fill(review.Request)
		review.Request.UID += "1"
		review.SetGroupVersionKind(admissionv1.SchemeGroupVersion.WithKind("AdmissionReview"))
		body := marshal(t, review)
		if got, err := decodeReview(body); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		} else if diff := cmp.Diff(kubernetesReads(t, body).Request, &got.AdmissionRequest); diff != "" {
			t.Fatalf("seed %d (-Kubernetes +ours):\n%s", seed, diff)
		}
	}
}

func kubernetesReads(t *testing.T, body []byte) admissionv1.AdmissionReview {
	t.Helper()
	var review admissionv1.AdmissionReview
	if err := kubejson.UnmarshalCaseSensitivePreserveInts(body, &review); err != nil {
		t.Fatalf("Kubernetes does not read it: %s", err)
	}
	return review
}

// FuzzDecodeReview reads any body as Kubernetes reads it, or refuses it. What is refused is not an AdmissionReview, or no
// API server sends it.
func FuzzDecodeReview(f *testing.F) {
	f.Add([]byte(emptyReview))
	f.Add(creationReview(f, marshal(f, mpijobtest.MakeMPIJob("dist1", namespace).Obj())))
	f.Add([]byte(`{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"1","Uid":"2","object":null,"oldObject":{"a":1,"a":"\ud800"},` +
		`"dryRun":true,"userInfo":{"groups":[null],"extra":{"a":null,"b":["\u0061"]}},"options":[1e400]}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := decodeReview(body)
		var want admissionv1.AdmissionReview
		strict, refused := kubejson.UnmarshalStrict(body, &want)
		switch known := refused == nil && want.Kind == reviewKind && want.APIVersion == reviewVersion && want.Request != nil &&
			hasUID(admission.Request{AdmissionRequest: *want.Request}); {
		case err == nil && refused != nil:
			t.Errorf("Kubernetes refuses it: %s", refused)
		case slices.ContainsFunc(strict, isOfDuplicates): // null after a value is another value, which no API server sends
		case err == nil:
			if diff := cmp.Diff(want.Request, &got.AdmissionRequest, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-Kubernetes +ours):\n%s", diff)
			}
		case known && !errors.Is(err, errSprawls) && !errors.Is(err, errLong):
			t.Errorf("refused: %s", err)
		}
	})
}

func isOfDuplicates(err error) bool { return strings.Contains(err.Error(), "duplicate") }

// The answer of any response means the same as that of controller-runtime.
func TestAnswersOfControllerRuntime(t *testing.T) {
	for seed := range int64(500) {
		filler := randfill.NewWithSeed(seed).NilChance(0.3).NumElements(0, 3)
		var response admission.Response
		filler.Fill(&response.AdmissionResponse)
		if response.Result != nil && seed%3 == 0 {
			response.Result = &metav1.Status{Code: response.Result.Code}
		}
		handler := admission.HandlerFunc(func(context.Context, admission.Request) admission.Response {
			again := response
			again.Result = response.Result.DeepCopy()
			return again
		})
		recorder := httptest.NewRecorder()
		(&admission.Webhook{Handler: handler}).ServeHTTP(recorder, postOf(strings.NewReader(emptyReview)))
		want, got := reviewIn(t, recorder), reviewIn(t, posted(handler, postOf(strings.NewReader(emptyReview))))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d (-controller-runtime +ours):\n%s", seed, diff)
		}
	}
}

// The body of a request is overwritten after the answer. Neither a handler nor its response keeps a part of it.
func TestNobodyKeepsTheBody(t *testing.T) {
	m := mutator()
	created := marshal(t, mpijobtest.MakeMPIJob("dist1", namespace).Workers(2).Annotation(annotations.RunAsUserKey, "true").
		Annotation(annotations.GitSyncKey, "source=https://git.example.com/code").Obj())
	stored := applied(t, created, m.Handle(t.Context(), byAlice(created)))
	refused := bytes.Replace(created, []byte("git.example.com"), []byte("alice:x@git.example.com"), 1)
	for _, review := range [][]byte{creationReview(t, created), creationReview(t, stored), creationReview(t, refused), updateReview(t, stored, created)} {
		for _, handler := range []admission.Handler{m, &Validator{m.Lookups, m.Reviewer}} {
			body := bytes.Clone(review)
			request, err := decodeReview(body)
			if err != nil {
				t.Fatal(err)
			}
			if at := bytes.Index(body, request.Object.Raw); &body[at] != &request.Object.Raw[0] {
				t.Fatal("the object was copied")
			}
			response := handler.Handle(t.Context(), request)
			before := marshal(t, response)
			copy(body, bytes.Repeat([]byte("x"), len(body)))
			if diff := cmp.Diff(string(before), string(marshal(t, response))); diff != "" {
				t.Errorf("%T (-before +after):\n%s", handler, diff)
			}
		}
	}
}
