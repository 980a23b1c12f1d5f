package kube

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
)

func answers(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, text)
	}
}

// permissions answers with the rules of a user.
func permissions(rules string) http.HandlerFunc {
	return answers(fmt.Sprintf(`{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectRulesReview",
		"status":{"incomplete":true,"nonResourceRules":[],"resourceRules":[%s]}}`, rules))
}

func project(name string) http.HandlerFunc {
	return answers(fmt.Sprintf(`{"apiVersion":"policy.run.ai/v1alpha1","kind":"Project","metadata":{"name":%q}}`, name))
}

// Users who are not allowed to list projects see those that they are allowed to read by name.
func TestOwnProjects(t *testing.T) {
	const rule = `{"verbs":[%s],"apiGroups":["policy.run.ai"],"resources":["projects"],"resourceNames":[%s]}`
	const wild = `{"verbs":["*"],"apiGroups":["*"],"resources":["*"],"resourceNames":["a"]}`
	mine := fmt.Sprintf(rule, `"get"`, `"b","a"`)
	missing := status(404, "NotFound", `projects.policy.run.ai "dist1" not found`)
	for _, test := range []struct {
		name     string
		answers  []http.HandlerFunc
		want     []string
		requests string
	}{
		{"by name", []http.HandlerFunc{permissions(mine + "," + mine), project("a"), project("b")}, []string{"a", "b"}, "GET POST GET GET"},
		{"by wildcards", []http.HandlerFunc{permissions(wild), project("a")}, []string{"a"}, "GET POST GET"},
		{"one is gone", []http.HandlerFunc{permissions(mine), missing, project("b")}, []string{"b"}, "GET POST GET GET"},
		{"one is denied after all", []http.HandlerFunc{permissions(mine), forbidden, project("b")}, []string{"b"}, "GET POST GET GET"},
		{"all are gone", []http.HandlerFunc{permissions(mine), missing}, nil, "GET POST GET GET"},
		{"only others", []http.HandlerFunc{permissions(fmt.Sprintf(rule, `"update"`, `"a"`))}, nil, "GET POST"},
		{"any name", []http.HandlerFunc{permissions(fmt.Sprintf(rule, `"get"`, ""))}, nil, "GET POST"},
		{"no rules", []http.HandlerFunc{permissions("")}, nil, "GET POST"},
		{"no answer", []http.HandlerFunc{forbidden}, nil, "GET POST"},
	} {
		s := newServer(t, append([]http.HandlerFunc{forbidden}, test.answers...)...)
		var notes []string
		found, err := connect(t, s.url, &notes).Projects(t.Context())
		var names []string
		for _, project := range found {
			names = append(names, project.GetName())
		}
		if !slices.Equal(names, test.want) || IsForbidden(err) != (test.want == nil) || s.methods() != test.requests {
			t.Errorf("%s: %q, %v, requests %q", test.name, names, err, s.sent())
		}
	}
}
