package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	admissionv1 "k8s.io/api/admission/v1"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

// logged returns the lines that a function logs, at a level and above.
func logged(t *testing.T, level slog.Level, do func()) []map[string]any {
	t.Helper()
	var out bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: level})))
	defer slog.SetDefault(before)
	do()
	var lines []map[string]any
	for line := range strings.Lines(out.String()) {
		var parsed map[string]any
		if err := json.Unmarshal([]byte(line), &parsed); err != nil {
			t.Fatal(err)
		}
		delete(parsed, "time")
		lines = append(lines, parsed)
	}
	return lines
}

func countedReviews(webhook, operation, outcome string) float64 {
	return testutil.ToFloat64(reviewsTotal.WithLabelValues(webhook, operation, outcome))
}

func TestReviewsAreCountedAndLogged(t *testing.T) {
	m := mutator()
	fails := func(err error) admission.Handler {
		return admission.HandlerFunc(func(context.Context, admission.Request) admission.Response { return refuse(err) })
	}
	good := mpijobtest.MakeMPIJob("dist1", namespace).Annotation(annotations.GPUKey, "1").Obj()
	bad := mpijobtest.MakeMPIJob("dist1", namespace).Annotation(annotations.GPUKey, "many").Annotation(annotations.LargeShmKey, "much").Obj()
	for _, test := range []struct {
		name    string
		handler admission.Handler
		request admission.Request
		outcome string
		want    map[string]any
	}{
		{"changed", m, byAlice(marshal(t, good)), "changed", nil},
		{"refused", m, byAlice(marshal(t, bad)), "refused", map[string]any{
			"level": "INFO", "msg": "refused", "webhook": "test-refused", "uid": "1", "operation": "CREATE", "namespace": namespace, "name": "dist1",
			"user": "saml:alice", "code": 422.0,
			"reasons": `metadata.annotations[run.ai/gpu]: Invalid value: "many": must be a whole number, or a fraction between 0 and 1, for example 0.5; ` +
				`metadata.annotations[run.ai/large-shm]: Invalid value: "much": must be true, false or a size, for example 8Gi`,
		}},
		{"unavailable", fails(unavailable("wait")), byAlice(marshal(t, good)), "unavailable", map[string]any{
			"level": "WARN", "msg": "unavailable", "webhook": "test-unavailable", "uid": "1", "operation": "CREATE", "namespace": namespace, "name": "dist1",
			"user": "saml:alice", "code": 503.0, "reasons": "wait",
		}},
		{"failed", fails(errors.New("a bug")), byAlice(marshal(t, good)), "failed", map[string]any{
			"level": "ERROR", "msg": "failed", "webhook": "test-failed", "uid": "1", "operation": "CREATE", "namespace": namespace, "name": "dist1",
			"user": "saml:alice", "code": 500.0, "reasons": "a bug",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			webhook := "test-" + test.name
			test.request.Name = "dist1"
			var want []map[string]any
			if test.want != nil {
				want = append(want, test.want)
			}
			before := countedReviews(webhook, "CREATE", test.outcome)
			got := logged(t, slog.LevelInfo, func() { observed{Handler: test.handler, webhook: webhook}.Handle(t.Context(), test.request) })
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the log (-want +got):\n%s", diff)
			}
			if n := countedReviews(webhook, "CREATE", test.outcome) - before; n != 1 {
				t.Errorf("%v reviews are counted as %s", n, test.outcome)
			}
		})
	}
	lines := logged(t, slog.LevelDebug, func() { observed{Handler: m, webhook: "test-debug"}.Handle(t.Context(), byAlice(marshal(t, good))) })
	if len(lines) != 1 || lines[0]["msg"] != "changed" {
		t.Errorf("at the level debug: %v", lines)
	}
}

// What anybody can send makes neither labels nor long lines.
func TestHostileReviewsAreBounded(t *testing.T) {
	m := mutator()
	job := mpijobtest.MakeMPIJob("dist1", namespace)
	for range 60 {
		job.Annotation(annotations.Prefix+strings.Repeat("x", 1+len(job.Obj().Annotations)), strings.Repeat("y", 10_000))
	}
	request := byAlice(marshal(t, job.Obj()))
	request.Operation, request.Name = "EVIL", strings.Repeat("n", 100_000)
	request.UserInfo.Username, request.Namespace = strings.Repeat("u", 100_000), strings.Repeat("s", 100_000)
	lines := logged(t, slog.LevelInfo, func() { observed{Handler: m, webhook: "test-hostile"}.Handle(t.Context(), request) })
	request.Namespace = namespace
	lines = append(lines, logged(t, slog.LevelInfo, func() { observed{Handler: m, webhook: "test-hostile"}.Handle(t.Context(), request) })...)
	if len(lines) != 2 {
		t.Fatalf("got %v", lines)
	}
	for _, line := range lines {
		text, err := json.Marshal(line)
		if err != nil || len(text) > 4000 {
			t.Errorf("%d bytes, %v: %.200s", len(text), err, text)
		}
		if line["operation"] != "other" {
			t.Errorf("the operation is %v", line["operation"])
		}
	}
}

// Credentials in a URL are refused, and are not logged.
func TestCredentialsAreNotLogged(t *testing.T) {
	job := mpijobtest.MakeMPIJob("dist1", namespace).Annotation(annotations.GitSyncKey, "source=https://alice:hunter2@git.example.com/code").Obj()
	lines := logged(t, slog.LevelDebug, func() {
		observed{Handler: mutator(), webhook: "test-secret"}.Handle(t.Context(), byAlice(marshal(t, job)))
	})
	if len(lines) != 1 || lines[0]["msg"] != "refused" || strings.Contains(lines[0]["reasons"].(string), "hunter2") {
		t.Errorf("got %v", lines)
	}
}

// Requests that are not read are counted, and one in a second is logged.
func TestUnreadRequestsAreCounted(t *testing.T) {
	handler := admission.HandlerFunc(func(context.Context, admission.Request) admission.Response {
		t.Error("it was read")
		return admission.Allowed("")
	})
	url, client := serving(t, envelope{handler, MutatePath}.ServeHTTP)
	body := []byte(`{"request":{"uid":"1","userInfo":{"groups":[` + strings.TrimSuffix(strings.Repeat(`"a",`, mostOfAUser+1), ",") + `]}}}`)
	before := countedReviews("mutate", unread, refused)
	unreadLogged.Store(0) // another test may have logged one in this second
	lines := logged(t, slog.LevelInfo, func() {
		for range 5 {
			response, err := client.Post(url, "application/json", bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
		}
	})
	if n := countedReviews("mutate", unread, refused) - before; n != 5 {
		t.Errorf("%v requests are counted", n)
	}
	if len(lines) == 0 || len(lines) == 5 || lines[0]["reasons"] != "the AdmissionReview has too many names and values" {
		t.Errorf("got %v", lines)
	}
}

func TestAdmissionOperationsAreLabels(t *testing.T) {
	for operation, want := range map[admissionv1.Operation]string{"CREATE": "CREATE", "UPDATE": "UPDATE", "DELETE": "other", "": "other"} {
		if got := operationOf(operation); got != want {
			t.Errorf("%q: got %q", operation, got)
		}
	}
}
