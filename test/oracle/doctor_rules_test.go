package oracle

import (
	"math/rand/v2"
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/predicates/rules"

	"github.com/runai-mpi/runai-mpi/webhook/doctor"
)

// Doctor matches the rules of webhooks and policies as the API server does.
func TestDoctorMatchesRules(t *testing.T) {
	random := rand.New(rand.NewPCG(14, 2))
	pick := func(texts ...string) string { return texts[random.IntN(len(texts))] }
	groups, versions := []string{"", "apps", "kubeflow.org"}, []string{"v1", "v2beta1"}
	resources := []string{"pods", "pods/exec", "mpijobs", "mpijobs/status"}
	operations := []string{"CREATE", "UPDATE", "CONNECT"}
	scopes := []admissionregistrationv1.ScopeType{
		admissionregistrationv1.AllScopes, admissionregistrationv1.NamespacedScope, admissionregistrationv1.ClusterScope,
	}
	matched := 0
	for range 20_000 {
		rule := admissionregistrationv1.RuleWithOperations{
			Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.OperationType(pick(append(operations, "*")...))},
			Rule: admissionregistrationv1.Rule{
				APIGroups: []string{pick(append(groups, "*")...)}, APIVersions: []string{pick(append(versions, "*")...)},
				Resources: []string{pick(append(resources, "*", "*/*", "pods/*", "*/exec", "*/status")...), pick(resources...)},
			},
		}
		if i := random.IntN(len(scopes) + 1); i < len(scopes) {
			rule.Scope = &scopes[i]
		}
		operation, group, version, resource := pick(operations...), pick(groups...), pick(versions...), pick(resources...)
		base, sub, _ := strings.Cut(resource, "/")
		attributes := admission.NewAttributesRecord(nil, nil, schema.GroupVersionKind{}, "team-a", "some",
			schema.GroupVersionResource{Group: group, Version: version, Resource: base}, sub,
			admission.Operation(operation), nil, false, nil)
		want := (&rules.Matcher{Rule: rule, Attr: attributes}).Matches()
		asked := schema.GroupVersion{Group: group, Version: version}
		got := doctor.Matches(rule, admissionregistrationv1.OperationType(operation), asked, resource)
		if got != want {
			t.Fatalf("%s %s/%s %s: doctor says %v, the API server %v: %+v", operation, group, version, resource, got, want, rule)
		}
		if want {
			matched++
		}
	}
	if matched < 500 {
		t.Errorf("only %d rules matched", matched)
	}
}
