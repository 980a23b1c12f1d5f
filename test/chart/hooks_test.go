package chart

import (
	"slices"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/runai-mpi/runai-mpi/test/internal/chart"
)

// Nothing of a hook stays after its success, and its pod starts after its permissions exist.
func TestHooksLeaveNothing(t *testing.T) {
	hooks := render(t, "--set", "check.namespace=runai-team-a").Hooks()
	if len(hooks) != 10 {
		t.Errorf("%d hooks", len(hooks))
	}
	weights := map[string][]string{}
	for _, hook := range hooks {
		annotations := hook.GetAnnotations()
		if annotations["helm.sh/hook-delete-policy"] != "before-hook-creation,hook-succeeded" {
			t.Errorf("%s %s: %v", hook.GetKind(), hook.GetName(), annotations)
		}
		weight := annotations["helm.sh/hook-weight"]
		weights[weight] = append(weights[weight], hook.GetKind())
		runs := hook.GetKind() == "Job" || hook.GetKind() == "Pod"
		if says := strings.Contains(annotations["helm.sh/hook-output-log-policy"], "hook-failed"); says != runs || runs != (weight == "0") {
			t.Errorf("%s %s has the weight %s, and prints its log after a failure: %v", hook.GetKind(), hook.GetName(), weight, says)
		}
	}
	if !slices.Contains(weights["-1"], "ClusterRoleBinding") || slices.Contains(weights["-2"], "ClusterRoleBinding") {
		t.Errorf("the weights are %v", weights)
	}
	for _, object := range render(t, "--set", "prepare.enabled=false").Hooks() {
		if strings.HasSuffix(object.GetName(), "-prepare") {
			t.Errorf("%s %s is rendered without the hook", object.GetKind(), object.GetName())
		}
	}
}

// The hook before an upgrade reads the same policy as the webhook, and may write the chart's CRDs only.
func TestPrepare(t *testing.T) {
	objects := render(t, "--set", "policy.identity.minUID=5000")
	job := find[batchv1.Job](t, objects, "Job", "runai-mpi-prepare")
	const key = "policy.run.ai/cluster-policy"
	if got := job.Spec.Template.Annotations[key]; got != policyText(t, objects) || !strings.Contains(got, "minUID: 5000") {
		t.Errorf("the hook reads the policy %s", got)
	}
	var crds []string
	for _, crd := range objects.CRDs() {
		crds = append(crds, crd.Name)
	}
	slices.Sort(crds)
	for _, rule := range clusterRole(t, objects, "runai-mpi-prepare").Rules {
		names := slices.Sorted(slices.Values(rule.ResourceNames))
		switch create := slices.Equal(rule.Verbs, []string{"create"}); {
		case !create && (!slices.Equal(names, crds) || !slices.Equal(rule.Verbs, []string{"get", "patch"})),
			!slices.Equal(rule.Resources, []string{"customresourcedefinitions"}):
			t.Errorf("the hook may %v", rule)
		}
	}
	for _, rule := range clusterRole(t, objects, "runai-mpi-check").Rules {
		if len(rule.ResourceNames) == 0 || !slices.Equal(rule.Verbs, []string{"get"}) {
			t.Errorf("helm test may %v", rule)
		}
	}
}

func clusterRole(t *testing.T, objects chart.Objects, name string) *rbacv1.ClusterRole {
	t.Helper()
	return find[rbacv1.ClusterRole](t, objects, "ClusterRole", name)
}
