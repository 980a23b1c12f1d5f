package review

import (
	"strings"
	"testing"
	"time"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

func TestWarnOnlyHolds(t *testing.T) {
	at := func(text string) time.Time {
		now, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return now
	}
	for _, test := range []struct {
		until, now string
		want       bool
	}{
		{"2026-12-31", "2026-01-01T00:00:00Z", true},
		{"2026-12-31", "2026-12-31T23:59:59Z", true},
		{"2026-12-31", "2027-01-01T00:00:00Z", false},
		{"2026-12-31", "2027-01-01T00:30:00+01:00", true}, // still December in UTC
		{"2026-12-31", "2026-12-31T23:30:00-01:00", false},
		{"2028-02-28", "2028-02-29T00:00:00Z", false},
		{"2028-02-29", "2028-02-29T12:00:00Z", true},
		{"", "2026-01-01T00:00:00Z", false},
	} {
		if got := (WarnOnly{Until: test.until}).Holds(at(test.now)); got != test.want {
			t.Errorf("until %s, at %s: %t", test.until, test.now, got)
		}
	}
}

// What is not a date never leaves a job unjudged, and is said.
func TestWarnOnlyProblems(t *testing.T) {
	project := &v1alpha1.Project{}
	project.Name, project.Spec.WarnOnlyUntil = "team-a", "2999-12-31"
	for _, text := range []string{
		"", "soon", "2026-13-01", "2027-02-29", "2026-1-1", "26-01-01", "2026-12-31T00", "2026_12_31", "31-12-2026", "+2026-12-31", "2026-12-31 ",
	} {
		labels := map[string]string{annotations.WarnOnlyUntilLabel: text}
		warnOnly := WarnOnlyOf(project, "runai-team-a", labels)
		want := "namespace runai-team-a: label run.ai/warn-only-until has the invalid value \"" + text + `"`
		if warnOnly.Holds(time.Time{}) || !strings.HasPrefix(warnOnly.Problem(), want) {
			t.Errorf("%q: %q", text, warnOnly.Problem())
		}
	}
	if warnOnly := WarnOnlyOf(project, "runai-team-a", nil); !warnOnly.Holds(time.Now()) || warnOnly.Problem() != "" {
		t.Errorf("got %+v", warnOnly)
	}
	project.Spec.WarnOnlyUntil = "tomorrow" // stored by a CRD without the format
	want := `project team-a: spec.warnOnlyUntil has the invalid value "tomorrow"`
	if warnOnly := WarnOnlyOf(project, "runai-team-a", nil); warnOnly.Holds(time.Time{}) || !strings.HasPrefix(warnOnly.Problem(), want) {
		t.Errorf("got %q", warnOnly.Problem())
	}
	if warnOnly := WarnOnlyOf(&v1alpha1.Project{}, "runai-team-a", nil); warnOnly.Holds(time.Time{}) || warnOnly.Problem() != "" {
		t.Errorf("got %+v", warnOnly)
	}
}

func TestAsks(t *testing.T) {
	const role = `{"spec":{"mpiReplicaSpecs":{"Worker":{"template":%}}}}`
	inRole := func(template string) string { return strings.Replace(role, "%", template, 1) }
	for _, test := range []struct {
		job  string
		want bool
	}{
		{`{}`, false},
		{`{"metadata":{"annotations":null},"spec":null}`, false},
		{`{"metadata":{"annotations":{"example.com/run.ai/gpu":"1","my-run.ai/gpu":"1"},"labels":{"run.ai/gpu":"1"}}}`, false},
		{`{"metadata":{"annotations":{"run.ai/gpu":"1"}}}`, true},
		{`{"metadata":{"annotations":{"run.ai/":""}}}`, true},
		{`{"metadata":{"annotations":{"run.ai\/submitted-by":"{}"}}}`, true},
		{`{"metadata":{"annotations":{"run.ai/gpu":7}}}`, true},
		{`{"metadata":{"annotations":{"run.ai/gpu":"1"},"annotations":{"a":"b"}}}`, true},
		{`{"metadata":{"annotations":[]}}`, true},
		{inRole(`{}`), false},
		{inRole(`null`), false},
		{inRole(`{"metadata":{"annotations":{"run.ai/submitted-by":"{}"}}}`), true},
		{inRole(`{"metadata":{"annotations":{"files.run.ai/workers":"2"}}}`), true},
		{inRole(`{"spec":{"schedulingGates":[{"name":"kueue.x-k8s.io/topology"}],"containers":7}}`), false},
		{inRole(`{"spec":{"schedulingGates":[{"name":"a"},{"name":"run.ai/admission"}]}}`), true},
		{`{"metadata":`, true},
	} {
		if got := Asks([]byte(test.job)); got != test.want {
			t.Errorf("%s: %t", test.job, got)
		}
	}
}
