package audit

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
)

const log = `{"verb":"list","user":{"username":"alice"},"objectRef":{"resource":"pods","namespace":"a"},"stage":"ResponseComplete"}
{"verb":"list","user":{"username":"alice"},"objectRef":{"resource":"pods","namespace":"b"}}
{"verb":"get","user":{"username":"alice"},"objectRef":{"resource":"pods","subresource":"log","name":"p"}}
{"verb":"watch","user":{"username":"alice"},"objectRef":{"apiGroup":"policy.run.ai","resource":"projects","name":"a"}}
{"verb":"get","user":{"username":"alice"},"requestURI":"/version"}
{"verb":"delete","user":{"username":"alice"},"impersonatedUser":{"username":"bob"},"objectRef":{"resource":"pods","name":"p"}}
{"verb":"create","user":{"username":"alice"},"objectRef":{"resource":"secr`

func TestCompare(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit")
	if err := os.WriteFile(path, []byte(log), 0o600); err != nil {
		t.Fatal(err)
	}
	rule := func(group, resource string, names []string, verbs ...string) rbacv1.PolicyRule {
		return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: []string{resource}, ResourceNames: names, Verbs: verbs}
	}
	logs, projects := rule("", "pods/log", nil, "get"), rule("policy.run.ai", "projects", nil, "watch")
	pods, alices := rule("", "pods", nil, "list"), []rbacv1.PolicyRule{logs, projects}
	for name, test := range map[string]struct {
		user           string
		rules          []rbacv1.PolicyRule
		unused, beyond []string
	}{
		"exact":        {user: "alice", rules: append(alices[:2:2], pods)},
		"a name":       {user: "alice", rules: []rbacv1.PolicyRule{logs, rule("policy.run.ai", "projects", []string{"a"}, "watch"), pods}},
		"too little":   {user: "alice", rules: alices, beyond: []string{"list pods"}},
		"a verb":       {user: "alice", rules: append(alices[:2:2], rule("", "pods", nil, "list", "get")), unused: []string{"get pods"}},
		"the whole":    {user: "alice", rules: append(alices[:2:2], pods, rule("", "pods", nil, "get")), unused: []string{"get pods"}},
		"a wildcard":   {user: "alice", rules: append(alices[:2:2], pods, rule("*", "pods", nil, "list")), unused: []string{"list pods.*"}},
		"another user": {user: "bob", rules: []rbacv1.PolicyRule{rule("", "pods", nil, "delete")}},
		"another object": {
			user: "bob", rules: []rbacv1.PolicyRule{rule("", "pods", []string{"q"}, "delete")},
			unused: []string{"delete pods q"}, beyond: []string{"delete pods"},
		},
		"another group": {user: "alice", rules: []rbacv1.PolicyRule{logs, rule("", "projects", nil, "watch"), pods},
			unused: []string{"watch projects"}, beyond: []string{"watch projects.policy.run.ai"}},
	} {
		requests, err := RequestsOf(path, test.user)
		if err != nil {
			t.Fatal(err)
		}
		unused, beyond := Compare(test.rules, requests)
		if diff := cmp.Diff(test.unused, unused) + cmp.Diff(test.beyond, beyond); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
