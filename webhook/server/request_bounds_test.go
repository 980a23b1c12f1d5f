package server

import (
	"bytes"
	"strings"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"

	"github.com/runai-mpi/runai-mpi/test/flood"
	"github.com/runai-mpi/runai-mpi/test/yardstick"
)

func TestOvergrown(t *testing.T) {
	list := func(n int) string { return "[" + strings.TrimSuffix(strings.Repeat("1,", n), ",") + "]" }
	for _, test := range []struct{ name, json, want string }{
		{"nothing", ``, ""},
		{"an empty job", `{}`, ""},
		{"as many as allowed", `{"spec":{"a":` + list(5_000) + `}}`, ""},
		{"one more", `{"spec":{"a":` + list(5_001) + `}}`, "spec.a: Forbidden: must have at most 5000 elements"},
		{"100 containers", `{"containers":` + list(100) + `}`, ""},
		{"101 containers", `{"a":[0,{"containers":` + list(101) + `}]}`, "a[1].containers: Forbidden: must have at most 100 elements"},
		{"the word as a value", `{"name":"containers","env":` + list(101) + `}`, ""},
		{"the word in a list", `{"command":["containers",` + list(101) + `]}`, "command[1]: Forbidden: must have at most 100 elements"}, // in no valid job
		{"roles", `{"spec":{"mpiReplicaSpecs":{` + strings.TrimSuffix(strings.Repeat(`"a":0,`, 11), ",") + `}}}`, "spec.mpiReplicaSpecs: Forbidden: must have at most 10 elements"},
		{"managed fields", `{"metadata":{"managedFields":[{"fieldsV1":` + list(6_000) + `}]}}`, ""},
		{"fields after managed fields", `{"managedFields":[{"fieldsV1":{},"a":` + list(5_001) + `}]}`, "managedFields[0].a: Forbidden"},
		{"their name as a value", `{"image":"fieldsV1","a":` + list(5_001) + `}`, "a: Forbidden: must have at most 5000 elements"},
		{"their name in a list", `{"command":["fieldsV1"],"a":` + list(5_001) + `}`, "a: Forbidden: must have at most 5000 elements"},
		{"many lists", `{"a":[` + strings.TrimSuffix(strings.Repeat(list(4_000)+",", 30), ",") + `]}`, "spec: Forbidden: the job must have at most 100000 names and values"},
		{"no JSON", `{"a":}`, ""},
		{"no end", `{"a":[`, ""},
		{"a wrong end", `{"a":[}}`, ""},
		{"another end", `]]]`, ""},
		{"a great depth", strings.Repeat("[", 20_000), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			if inBoundsAtAGlance([]byte(test.json)) && test.want != "" {
				t.Error("in bounds at a glance")
			}
			said := ""
			if err := overgrown([]byte(test.json)); err != nil {
				said = err.Error()
			}
			if !strings.HasPrefix(said, test.want) || (said == "") != (test.want == "") {
				t.Errorf("got %q, want %q", said, test.want)
			}
		})
	}
}

// What is in bounds at a glance is in bounds, and almost all jobs are.
func FuzzInBoundsAtAGlance(f *testing.F) {
	f.Add([]byte(`{"metadata":{"name":"a\\\"b"},"spec":{"mpiReplicaSpecs":{"Worker":{"template":{"spec":{"containers":[{},{"args":["containers"]}]}}}}}}`), 100)
	f.Add([]byte(`{"\u0063ontainers":[{}]}`), 101)
	f.Add([]byte(`{"containers" : [{}], "a": ["add", [{}]]}`), 101)
	f.Add([]byte(`{"mpiReplicaSpecs":{"`+strings.Repeat("x", 64)+`":{}}}`), 1)
	f.Fuzz(func(t *testing.T, raw []byte, times int) {
		if times < 1 || times > 5_001 || len(raw) > 1_000 {
			return
		}
		raw = bytes.ReplaceAll(raw, []byte("{}"), []byte("{}"+strings.Repeat(",{}", times-1)))
		if inBoundsAtAGlance(raw) && overgrownList(raw) != nil {
			t.Errorf("in bounds at a glance, but %s", overgrownList(raw))
		}
	})
}

func TestJobsAreInBoundsAtAGlance(t *testing.T) {
	m := mutator()
	for _, job := range []*v2beta1.MPIJob{largeJob(), yardstick.AsUser(largeJob())} {
		raw := marshal(t, job)
		if stored := applied(t, raw, m.Handle(t.Context(), byAlice(raw))); !inBoundsAtAGlance(raw) || !inBoundsAtAGlance(stored) {
			t.Errorf("not in bounds at a glance: %s", stored)
		}
	}
	for _, job := range append(flood.Jobs(namespace), flood.Namesakes(namespace)...) {
		if inBoundsAtAGlance(job.JSON) && overgrownList(job.JSON) != nil {
			t.Errorf("%s is in bounds at a glance, but %s", job.Name, overgrownList(job.JSON))
		}
	}
}
