package chart

import (
	"strconv"
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/runai-mpi/runai-mpi/test/internal/chart"
)

// Labels and names are valid for any release name that helm accepts, and any version.
func TestNamesAreValid(t *testing.T) {
	const longest = 53 // of a release, helm's own bound
	for _, args := range [][]string{
		{"--version", "1.2.3+build.5"},
		{"--version", "1.2.3-rc.1+" + strings.Repeat("a", 60)},
		{"--version", "1.2.3-" + strings.Repeat("a", 45) + ".-.-.-.-"},
		{"--version", "1.2.3+" + strings.Repeat("-", 80)},
		{strings.Repeat("r", longest)},
		{"a" + strings.Repeat("-", longest-2) + "b"},
		{strings.Repeat("r.", 26) + "r"},
		{"0" + strings.Repeat("9", longest-1)},
		{"1-runai-mpi"},
		{strings.Repeat("x", 40) + "-runai-mpi-x"},
		{"--set", "fullnameOverride=" + strings.Repeat("f", 50)},
		{"--set", "namespaceOverride=" + strings.Repeat("n", 63)},
	} {
		for _, object := range render(t, append([]string{"--values", directoryValues}, args...)...) {
			for key, value := range object.GetLabels() {
				if problems := validation.IsValidLabelValue(value); len(problems) > 0 {
					t.Errorf("%v: %s: label %s=%s: %v", args, object.GetKind(), key, value, problems)
				}
			}
			valid := validation.IsDNS1123Subdomain
			if kind := object.GetKind(); kind == "Service" || kind == "Job" || kind == "Deployment" || kind == "Pod" {
				valid = validation.IsDNS1035Label
			}
			if kind := object.GetKind(); kind == "CronJob" && len(object.GetName()) > 52 { // the API server's bound
				t.Errorf("%v: %s %s is too long", args, kind, object.GetName())
			}
			if problems := valid(object.GetName()); len(problems) > 0 {
				t.Errorf("%v: %s %s: %v", args, object.GetKind(), object.GetName(), problems)
			}
		}
	}
}

// Everything that is not of the cluster is in one namespace, and says so where it is named.
func TestNamespaceOverride(t *testing.T) {
	objects := render(t, "--values", "testdata/options.yaml", "--set", "namespaceOverride=elsewhere",
		"--set", "nfsNetworkPolicy.namespaces={}", "--set", "check.namespace=")
	for _, object := range objects {
		if namespace := object.GetNamespace(); namespace != "" && namespace != "elsewhere" {
			t.Errorf("%s %s is in %s", object.GetKind(), object.GetName(), namespace)
		}
		text, err := object.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), chart.Namespace) {
			t.Errorf("%s %s mentions %s: %s", object.GetKind(), object.GetName(), chart.Namespace, text)
		}
	}
}

// Each namespace with any of the labels is judged exactly once, by each webhook and by each admission policy.
// The API server would refuse the webhook configurations after the Deployment has been replaced: the new replicas would
// look for a label by which nobody calls them.
func TestWrongNames(t *testing.T) {
	for _, values := range []string{
		"formerProjectLabels: ['a b']", "formerProjectLabels: ['']", "formerProjectLabels: [a/b/c]", "formerProjectLabels: [A.b/c]",
		"formerProjectLabels: [a_]", "formerProjectLabels: [" + strings.Repeat("a", 64) + "]",
		"check: {namespace: A b}", "check: {namespace: a.b}",
		`backstop: {operator: "a\nb"}`, `backstop: {controllers: ["a'b"]}`, `backstop: {controllers: ["*"]}`,
		`backstop: {controllers: ["a*b"]}`,
	} {
		_, err := chart.Render(t.Context(), valuesOf(t, values)...)
		if err == nil || !strings.Contains(err.Error(), "does not match pattern") {
			t.Errorf("%s: got %v", values, err)
		}
	}
}

func TestFormerLabelsDiffer(t *testing.T) {
	for _, set := range []string{
		"formerProjectLabels={runai/queue}", "formerProjectLabels={a,b,a}", "policy.projectLabel=a,formerProjectLabels={b,a}",
	} {
		_, err := chart.Render(t.Context(), "--set", set)
		if err == nil || !strings.Contains(err.Error(), "must list each label once") {
			t.Errorf("%s: got %v", set, err)
		}
	}
}

// A username is what the API server authenticates, and can have any characters.
func TestBackstopUsernames(t *testing.T) {
	for _, name := range []string{"system:serviceaccount:a:b", "a # b", "a: b", `a "b" {{ c }}`, "- a", "%a"} {
		quoted := strconv.Quote(name)
		values := "backstop: {enabled: true, operator: " + quoted + ", controllers: [" + quoted + "]}"
		objects, err := chart.Render(t.Context(), valuesOf(t, values)...)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		policy := find[admissionregistrationv1.ValidatingAdmissionPolicy](t, objects, "ValidatingAdmissionPolicy", "runai-mpi-backstop-ids")
		condition := policy.Spec.MatchConditions[0].Expression
		if is := "request.userInfo.username == '" + name + "'"; condition != "!("+is+" || ("+is+"))" {
			t.Errorf("%s: %s", name, condition)
		}
	}
}

func TestFormerLabels(t *testing.T) {
	objects := render(t, "--set", "formerProjectLabels={old,example.com/older}")
	var mutating, validating, versions []labels.Selector
	for _, object := range objects {
		one, kind := chart.Objects{object}, object.GetKind()
		switch kind {
		case "MutatingWebhookConfiguration":
			for _, webhook := range find[admissionregistrationv1.MutatingWebhookConfiguration](t, one, kind, "").Webhooks {
				mutating = append(mutating, selector(t, webhook.NamespaceSelector))
			}
		case "ValidatingWebhookConfiguration":
			for _, webhook := range find[admissionregistrationv1.ValidatingWebhookConfiguration](t, one, kind, "").Webhooks {
				validating = append(validating, selector(t, webhook.NamespaceSelector))
			}
		case "ValidatingAdmissionPolicyBinding":
			binding := find[admissionregistrationv1.ValidatingAdmissionPolicyBinding](t, one, kind, "")
			versions = append(versions, selector(t, binding.Spec.MatchResources.NamespaceSelector))
		}
	}
	for set := range 8 {
		namespace := labels.Set{"kubernetes.io/metadata.name": "a"}
		for i, label := range []string{"runai/queue", "old", "example.com/older"} {
			if set&(1<<i) != 0 {
				namespace[label] = "team-a"
			}
		}
		want := min(set, 1)
		for what, selectors := range map[string][]labels.Selector{
			"mutating": mutating, "validating": validating, "versions": versions,
		} {
			if got := matches(selectors, namespace); got != want {
				t.Errorf("%s: %v is judged %d times, want %d", what, namespace, got, want)
			}
		}
	}
}

func matches(selectors []labels.Selector, set labels.Set) (count int) {
	for _, s := range selectors {
		if s.Matches(set) {
			count++
		}
	}
	return count
}
