package server

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

// observing returns the mutating webhook with everything that is counted.
func observing(webhook string) observed {
	m := mutator()
	return observed{Handler: m, webhook: webhook, version: "v1", clusterPolicy: "abc", projectOf: m.projectOf}
}

// A refusal is counted by the policies and steps that found a reason, and the audit log has the same words.
func TestRefusalsHaveReasons(t *testing.T) {
	for name, test := range map[string]struct {
		job  *v2beta1.MPIJob
		want string
	}{
		"annotations":  {mpijobtest.MakeMPIJob("a", namespace).Annotation(annotations.GPUKey, "x").Annotation(annotations.LargeShmKey, "x").Obj(), "annotations/Invalid"},
		"a policy":     {mpijobtest.MakeMPIJob("a", namespace).Annotation(annotations.NodeTypeKey, "t4").Obj(), "node-affinity/Invalid"},
		"two":          {mpijobtest.MakeMPIJob("a", namespace).Annotation(annotations.NodeTypeKey, "t4").Annotation(annotations.ProjectKey, "b").Obj(), "node-affinity/Invalid project/Invalid"},
		"no identity":  {mpijobtest.MakeMPIJob("a", namespace).Annotation(annotations.RunAsUserKey, "true").Obj(), "identity/Forbidden"},
		"the operator": {mpijobtest.MakeMPIJob("a", namespace).Workers(0).Obj(), "runnable/Invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			webhook := "test-reasons-" + name
			refusalsTotal.DeletePartialMatch(prometheus.Labels{"webhook": webhook}) // if the test runs several times
			response := observing(webhook).Handle(t.Context(), creation(marshal(t, test.job)))
			if got := response.AuditAnnotations[auditReasons]; got != test.want {
				t.Fatalf("got %q", got)
			}
			for reason := range strings.FieldsSeq(test.want) {
				step, kind, _ := strings.Cut(reason, "/")
				if n := testutil.ToFloat64(refusalsTotal.WithLabelValues(webhook, step, kind)); n != 1 {
					t.Errorf("%s is counted %v times", reason, n)
				}
			}
		})
	}
}

// No step is missing from the list of known ones, or it would be counted as another.
func TestEveryErrorHasAStep(t *testing.T) {
	var reasons []string
	for _, job := range []*v2beta1.MPIJob{
		mpijobtest.MakeMPIJob("a", namespace).Label("kueue.x-k8s.io/multikueue-origin", "b").Obj(),
		mpijobtest.MakeMPIJob("a", namespace).Workers(20_000).Obj(),
	} {
		response := observing("test-steps").Handle(t.Context(), creation(marshal(t, job)))
		reasons = append(reasons, strings.Fields(response.AuditAnnotations[auditReasons])...)
	}
	reasons = append(reasons, strings.Fields(refuse(Invalid("a", nil)).AuditAnnotations[auditReasons])...)
	reasons = append(reasons, strings.Fields(observing("test-steps").Handle(t.Context(), creation([]byte(`{`))).AuditAnnotations[auditReasons])...)
	reasons = append(reasons, strings.Fields(observing("test-steps").Handle(t.Context(), creation(make([]byte, largestCreation+1))).AuditAnnotations[auditReasons])...)
	want := []string{"multikueue/Forbidden", "workers/Invalid", "request/Invalid", "request/RequestEntityTooLarge"}
	if !slices.Equal(reasons, want) {
		t.Errorf("got %v", reasons)
	}
}

// The API server drops keys that are not valid.
func TestAuditAnnotationsAreKept(t *testing.T) {
	job := mpijobtest.MakeMPIJob("a", namespace).Annotation(annotations.LargeShmKey, "true").Obj()
	response := observing("test-audit").Handle(t.Context(), creation(marshal(t, job)))
	audit := response.AuditAnnotations
	if audit[auditOutcome] != changed || audit[auditVersion] != "v1" || audit[auditClusterPolicy] != "abc" || !strings.Contains(audit[auditPolicies], "large-shm") {
		t.Errorf("got %v", audit)
	}
	for _, key := range []string{auditOutcome, auditVersion, auditClusterPolicy, auditReasons, auditPolicies, auditUpdate, auditWarnedOnly} {
		if problems := validation.IsQualifiedName("sessions.admission.run.ai/" + key); len(problems) > 0 {
			t.Errorf("%s: %s", key, problems)
		}
	}
}

func TestPoliciesAreCounted(t *testing.T) {
	count := func() [3]float64 {
		return [3]float64{
			testutil.ToFloat64(policyAppliedTotal.WithLabelValues("large-shm")), testutil.ToFloat64(policyAppliedTotal.WithLabelValues("git-sync")),
			testutil.ToFloat64(policyWarnedTotal.WithLabelValues("large-shm")),
		}
	}
	before, seconds := count(), testutil.ToFloat64(policySecondsTotal.WithLabelValues("large-shm"))
	job := mpijobtest.MakeMPIJob("a", namespace).Annotation(annotations.LargeShmKey, "8Gi").Limit(v2beta1.MPIReplicaTypeWorker, "memory", "1Gi").Obj()
	if response := observing("test-policies").Handle(t.Context(), creation(marshal(t, job))); !response.Allowed || len(response.Warnings) == 0 {
		t.Fatalf("%+v", response)
	}
	after := count()
	if got := [3]float64{after[0] - before[0], after[1] - before[1], after[2] - before[2]}; got != [3]float64{1, 0, 1} {
		t.Errorf("got %v", got)
	}
	if testutil.ToFloat64(policySecondsTotal.WithLabelValues("large-shm")) <= seconds {
		t.Error("it took no time")
	}
}

// Only projects that exist are labels, and only so many.
func TestProjectsAreBounded(t *testing.T) {
	labels := firstLabels{named: map[string]bool{}, most: 2}
	var got []string
	for _, project := range []string{"a", "b", "c", "a", "d"} {
		got = append(got, labels.label(project))
	}
	if want := []string{"a", "b", others, "a", others}; !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	before := testutil.ToFloat64(projectCreationsTotal.WithLabelValues("team-a", changed))
	observing("test-projects").Handle(t.Context(), creation(marshal(t, mpijobtest.MakeMPIJob("a", namespace).Obj())))
	if n := testutil.ToFloat64(projectCreationsTotal.WithLabelValues("team-a", changed)) - before; n != 1 {
		t.Errorf("counted %v times", n)
	}
}

// A flood of refusals makes a bounded number of lines, and the number of the others is not lost.
func TestFloodIsNotLogged(t *testing.T) {
	raw := marshal(t, mpijobtest.MakeMPIJob("a", namespace).Annotation(annotations.NodeTypeKey, "t4").Obj())
	before, start := testutil.ToFloat64(unloggedTotal), time.Now()
	const flood = 3 * mostLinesAtOnce
	handler := observing("test-flood")
	got := logged(t, slog.LevelInfo, func() {
		for range flood {
			handler.Handle(t.Context(), creation(raw))
		}
	})
	allowed := mostLinesAtOnce + mostLinesASecond*(1+int(time.Since(start).Seconds()))
	if len(got) == 0 || len(got) > allowed {
		t.Errorf("%d lines of at most %d", len(got), allowed)
	}
	unlogged := testutil.ToFloat64(unloggedTotal) - before
	if int(unlogged)+len(got) != flood {
		t.Errorf("%d lines and %v without, of %d", len(got), unlogged, flood)
	}
	time.Sleep(time.Second / mostLinesASecond * 2)
	got = append(got, logged(t, slog.LevelInfo, func() { handler.Handle(t.Context(), creation(raw)) })...)
	told := 0.0
	for _, line := range got {
		n, _ := line["notLogged"].(float64)
		told += n
	}
	if told != unlogged {
		t.Errorf("%v lines are missing, and %v are told", unlogged, told)
	}
}

// What the API server sends for a cache is heard: a list, and each event of a watch, also if it changes nothing.
func TestAPIServerIsHeard(t *testing.T) {
	event := make(chan string)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Query().Get("refuse") != "":
			http.Error(w, "no", http.StatusForbidden)
			return
		case strings.Contains(r.URL.Path, "/pods/"):
			_, _ = io.WriteString(w, "{}")
			return
		}
		w.WriteHeader(http.StatusOK)
		for text := range event {
			_, _ = io.WriteString(w, text)
			_ = http.NewResponseController(w).Flush()
		}
	}))
	t.Cleanup(server.Close)
	heard := NewHeard()
	client := &http.Client{Transport: heard.Wrap(http.DefaultTransport)}
	silent := func(resource string) bool { return heard.at[resource].Load() == 0 }
	reset := func() {
		for _, at := range heard.at {
			at.Store(0)
		}
	}
	reset()
	for _, url := range []string{"/apis/policy.run.ai/v1alpha1/projects?refuse=1", "/api/v1/namespaces/a/pods/projects"} {
		response, err := client.Get(server.URL + url)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, response.Body); err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if !silent("projects") {
			t.Errorf("%s counts", url)
		}
	}
	go func() { event <- "{}" }()
	response, err := client.Get(server.URL + "/apis/policy.run.ai/v1alpha1/projects?watch=true")
	if err != nil {
		t.Fatal(err)
	}
	if silent("projects") || !silent("namespaces") {
		t.Error("the answer does not count, or counts for another cache")
	}
	buffer := make([]byte, 2)
	for i := range 2 {
		reset()
		if i > 0 {
			go func() { event <- "{}"; close(event) }()
		}
		if _, err := io.ReadFull(response.Body, buffer); err != nil || silent("projects") {
			t.Errorf("event %d does not count: %v", i, err)
		}
	}
	reset()
	if _, err := response.Body.Read(buffer); err == nil || !silent("projects") {
		t.Errorf("the end counts: %v", err)
	}
	response.Body.Close()
	heard.at["projects"].Store(1500)
	for i, collector := range heard.Collectors() {
		if value := testutil.ToFloat64(collector); (value == 1.5) != (readResources[i] == "projects") {
			t.Errorf("%s: %s", readResources[i], strconv.FormatFloat(value, 'f', -1, 64))
		}
	}
}
