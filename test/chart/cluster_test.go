package chart

import (
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/fake"

	"github.com/runai-mpi/runai-mpi/test/internal/chart"
)

// A cluster is what the function lookup finds. It serves only the kinds of its objects, and those of every cluster.
type cluster struct {
	client dynamic.Interface
	served map[schema.GroupVersionKind]schema.GroupVersionResource
}

func (c cluster) GetClientFor(apiVersion, kind string) (dynamic.NamespaceableResourceInterface, bool, error) {
	resource, ok := c.served[schema.FromAPIVersionAndKind(apiVersion, kind)]
	if !ok {
		return nil, false, fmt.Errorf("unable to get apiresource: the server could not find %s %s", apiVersion, kind)
	}
	return c.client.Resource(resource), false, nil
}

func newCluster(objects ...*unstructured.Unstructured) cluster {
	c := cluster{served: map[schema.GroupVersionKind]schema.GroupVersionResource{}}
	all := []runtime.Object{}
	for _, object := range append(objects, object("v1", "Namespace", "kube-system", nil)) {
		all = append(all, object)
		c.serve(object.GroupVersionKind())
	}
	c.serve(schema.GroupVersionKind{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition"})
	c.serve(schema.GroupVersionKind{Group: "admissionregistration.k8s.io", Version: "v1", Kind: "MutatingWebhookConfiguration"})
	lists := map[schema.GroupVersionResource]string{}
	for kind, resource := range c.served {
		lists[resource] = kind.Kind + "List"
	}
	c.client = fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), lists, all...)
	return c
}

func (c cluster) serve(kind schema.GroupVersionKind) {
	c.served[kind], _ = meta.UnsafeGuessKindToResource(kind)
}

func object(apiVersion, kind, name string, labels map[string]string) *unstructured.Unstructured {
	o := &unstructured.Unstructured{Object: map[string]any{"apiVersion": apiVersion, "kind": kind}}
	o.SetName(name)
	o.SetLabels(labels)
	return o
}

func crd(name string) *unstructured.Unstructured {
	return object("apiextensions.k8s.io/v1", "CustomResourceDefinition", name, nil)
}

func namespace(name string, labels ...string) *unstructured.Unstructured {
	all := map[string]string{}
	for _, label := range labels {
		key, value, _ := strings.Cut(label, "=")
		all[key] = value
	}
	return object("v1", "Namespace", name, all)
}

var certManager = crd("certificates.cert-manager.io")

// live returns what an earlier release with these values left in the cluster.
func live(t *testing.T, args ...string) *unstructured.Unstructured {
	t.Helper()
	for _, object := range render(t, args...) {
		if object.GetKind() == "MutatingWebhookConfiguration" {
			return object
		}
	}
	t.Fatal("the chart has no MutatingWebhookConfiguration")
	return nil
}

// A member of a project must not have the key of the webhook, with which a pod could answer in its place.
func TestWebhookIsInNoProject(t *testing.T) {
	for name, test := range map[string]struct {
		before *unstructured.Unstructured
		args   []string
		want   string // "": the chart is rendered
	}{
		"no label":          {namespace(chart.Namespace, "a=b"), nil, ""},
		"another namespace": {namespace("a", "runai/queue=a"), nil, ""},
		"label":             {namespace(chart.Namespace, "runai/queue=a"), nil, "has the label runai/queue"},
		"empty label":       {namespace(chart.Namespace, "runai/queue="), nil, "has the label runai/queue"},
		"former label":      {namespace(chart.Namespace, "old=a"), []string{"--set", "formerProjectLabels={old}"}, "has the label old"},
		"its override":      {namespace("b", "runai/queue=a"), []string{"--set", "namespaceOverride=b"}, "namespace b has the label"},
		"not the override":  {namespace(chart.Namespace, "runai/queue=a"), []string{"--set", "namespaceOverride=b"}, ""},
		"values": {
			namespace("a"), []string{"--set", "projects.team-a.namespaces[0].name=" + chart.Namespace},
			"projects.team-a has the namespace " + chart.Namespace,
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := chart.RenderFor(t.Context(), newCluster(test.before, certManager), test.args...)
			if refused := err != nil; refused != (test.want != "") || !strings.Contains(fmt.Sprint(err), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// Helm 4 cannot replace a CA bundle that cert-manager has written. It would fail after it has replaced the Deployment,
// whose certificate the old bundle does not verify.
func TestFromCertManagerToOwnCertificate(t *testing.T) {
	own := []string{"--set", "certManager.enabled=false,certificate.secretName=own,certificate.caBundle=" + pem}
	issuer := []string{"--set", "certManager.issuerRef.name=company,certificate.caBundle=" + pem}
	handed := live(t) // the administrator has taken the bundle over
	handed.SetAnnotations(nil)
	for name, test := range map[string]struct {
		before *unstructured.Unstructured
		args   []string
		refuse bool
	}{
		"own certificate":        {live(t), own, true},
		"own issuer":             {live(t), issuer, true},
		"own after taking over":  {handed, own, false},
		"own as before":          {live(t, own...), own, false},
		"cert-manager as before": {live(t), nil, false},
		"back to cert-manager":   {live(t, own...), nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := chart.RenderFor(t.Context(), newCluster(test.before, certManager), test.args...)
			if refused := err != nil; refused != test.refuse || refused && !strings.Contains(err.Error(), "cert-manager writes the CA") {
				t.Errorf("got %v, want refused: %v", err, test.refuse)
			}
		})
	}
}

func TestNamespacesStayJudged(t *testing.T) {
	const old, other = "runai/queue", "example.com/project"
	toOther, keepOld := []string{"--set", "policy.projectLabel=" + other}, []string{"--set", "formerProjectLabels={" + old + "}"}
	migrating := append(toOther, keepOld...)
	for name, test := range map[string]struct {
		before []*unstructured.Unstructured
		args   []string
		want   string // "": the chart is rendered
	}{
		"first installation": {nil, toOther, ""},
		"nothing changes":    {[]*unstructured.Unstructured{live(t)}, nil, ""},
		"another label": {
			[]*unstructured.Unstructured{live(t)}, toOther, "policy.projectLabel was runai/queue: add it to formerProjectLabels",
		},
		"with the former one": {[]*unstructured.Unstructured{live(t), namespace("a", old+"=a")}, migrating, ""},
		"and back": {
			[]*unstructured.Unstructured{live(t, migrating...), namespace("a", old+"=a")}, nil, "policy.projectLabel was " + other,
		},
		"the former one is still in use": {
			[]*unstructured.Unstructured{live(t, migrating...), namespace("a", old+"=a"), namespace("b", old+"=b", other+"=b")},
			toOther, "formerProjectLabels lacks runai/queue, the only project label of these namespaces: a: add it again, or",
		},
		"no namespace has only the former one": {
			[]*unstructured.Unstructured{live(t, migrating...), namespace("b", old+"=b", other+"=b"), namespace("c")}, toOther, "",
		},
		"the former one, while another is dropped": {
			[]*unstructured.Unstructured{
				live(t, "--set", "policy.projectLabel="+other+",formerProjectLabels={"+old+",x/y}"), namespace("a", "x/y=a", old+"=a"),
			}, migrating, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := chart.RenderFor(t.Context(), newCluster(append(test.before, certManager)...), test.args...)
			if refused := err != nil; refused != (test.want != "") || !strings.Contains(fmt.Sprint(err), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// While the backstop is enabled, each namespace of a project says whether it is guarded.
func TestNamespacesSayWhetherTheyAreGuarded(t *testing.T) {
	const project, backstop = "runai/queue=a", "backstop.enabled=true"
	for name, test := range map[string]struct {
		before []*unstructured.Unstructured
		values string
		want   string // of the error, or "" if there is none
	}{
		"no label": {[]*unstructured.Unstructured{namespace("b", project), namespace("a", project)}, backstop,
			"kubectl label --overwrite namespace a b run.ai/identity=Required"},
		"an unknown value": {[]*unstructured.Unstructured{namespace("a", project, "run.ai/identity=required")}, backstop,
			"namespace a run.ai/identity"},
		"a former label": {[]*unstructured.Unstructured{namespace("a", "old=a")}, backstop + ",formerProjectLabels={old}",
			"namespace a run.ai/identity"},
		"all say it": {[]*unstructured.Unstructured{namespace("a", project, "run.ai/identity=Disabled"), namespace("b")},
			backstop, ""},
		"policies as files": {[]*unstructured.Unstructured{namespace("a", project)}, backstop + ",backstop.files=true",
			"namespace a run.ai/identity"},
		"no backstop":     {[]*unstructured.Unstructured{namespace("a", project)}, "backstop.enabled=false", ""},
		"the chart's own": {[]*unstructured.Unstructured{namespace("a", project)}, backstop + ",projects.a.namespaces[0].name=a", ""},
		"not the chart's": {[]*unstructured.Unstructured{namespace("a", project)},
			backstop + ",projects.a.namespaces[0].name=a,projects.a.namespaces[0].create=false", "namespace a run.ai/identity"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := chart.RenderFor(t.Context(), newCluster(append(test.before, certManager)...), "--set", test.values)
			if refused := err != nil; refused != (test.want != "") || !strings.Contains(fmt.Sprint(err), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestCertManagerIsMissing(t *testing.T) {
	_, err := chart.RenderFor(t.Context(), newCluster())
	if err == nil || !strings.Contains(err.Error(), "cert-manager is not installed") {
		t.Errorf("got %v", err)
	}
	own := []string{"--set", "certManager.enabled=false", "--set", "certificate.secretName=own", "--set", "certificate.caBundle=" + pem}
	if _, err := chart.RenderFor(t.Context(), newCluster(), own...); err != nil {
		t.Error(err)
	}
}

func TestNotes(t *testing.T) {
	project := object("policy.run.ai/v1alpha1", "Project", "known", nil)
	projects, operator := crd("projects.policy.run.ai"), crd("mpijobs.kubeflow.org")
	const noOperator, noProject = "MISSING: the CRD of MPIJobs", "MISSING: the Project of"
	ready := []*unstructured.Unstructured{certManager, projects, operator, project, namespace("a", "runai/queue=known")}
	for name, test := range map[string]struct {
		cluster    chart.Cluster
		want, lack []string
	}{
		"offline":      {nil, nil, []string{"MISSING"}},
		"empty":        {newCluster(certManager), []string{noOperator}, []string{noProject}},
		"all is there": {newCluster(ready...), nil, []string{"MISSING"}},
		"one is missing": {
			newCluster(append(ready, namespace("b", "runai/queue=lost"))...),
			[]string{noProject + " 1 namespace.", "\n  b (lost)\n"}, []string{"a (known)", noOperator},
		},
		"two are missing": {
			newCluster(append(ready, namespace("c", "runai/queue=x"), namespace("b", "runai/queue=x"))...),
			[]string{noProject + " 2 namespaces.", "\n  b (x)\n  c (x)\n"}, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			notes, err := chart.Notes(t.Context(), test.cluster)
			if err != nil {
				t.Fatal(err)
			}
			always := []string{"namespaces with the label runai/queue", "kubectl label namespace runai-team-a runai/queue=team-a"}
			for _, want := range append(always, test.want...) {
				if !strings.Contains(notes, want) {
					t.Errorf("the notes lack %q:\n%s", want, notes)
				}
			}
			for _, lack := range test.lack {
				if strings.Contains(notes, lack) {
					t.Errorf("the notes have %q:\n%s", lack, notes)
				}
			}
		})
	}
}

// The command for a new namespace works while the backstop is enabled, too.
func TestNotesWithBackstop(t *testing.T) {
	notes, err := chart.Notes(t.Context(), nil, "--set", "backstop.enabled=true")
	if want := "kubectl label namespace runai-team-a runai/queue=team-a run.ai/identity="; err != nil || !strings.Contains(notes, want) {
		t.Errorf("%v: the notes lack %q:\n%s", err, want, notes)
	}
}
