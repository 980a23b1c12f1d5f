package server

import (
	"strings"
	"testing"
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
