package output

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
)

func job(name string) *unstructured.Unstructured {
	return asObject(map[string]any{
		"apiVersion": "kubeflow.org/v2beta1", "kind": "MPIJob",
		"metadata": map[string]any{
			"name": name, "annotations": map[string]any{"note": "a\x1b]0;b\x07\tc"}, "managedFields": []any{map[string]any{"manager": "x"}},
		},
	})
}

func printed(t *testing.T, print func(*invocation.Invocation) error) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := print(&invocation.Invocation{JobOutput: &out})
	return out.String(), err
}

const listYAML = `apiVersion: v1
items:
- apiVersion: kubeflow.org/v2beta1
  kind: MPIJob
  metadata:
    annotations:
      note: "a\e]0;b\a\tc"
    name: a
kind: List
`

func TestFormats(t *testing.T) {
	path := filepath.Join(t.TempDir(), "template")
	if err := os.WriteFile(path, []byte("{{.metadata.name}}{{if exists . \"spec\"}}!{{end}};"), 0o600); err != nil {
		t.Fatal(err)
	}
	for format, want := range map[Format]string{
		"name":                              "mpijob.kubeflow.org/a\nmpijob.kubeflow.org/b\n",
		`jsonpath={.metadata.name}{"\t\n"}`: "a\t\nb\t\n",
		"jsonpath={.metadata.annotations.note}{.status.absent}": `a\x1b]0;b\x07\tca\x1b]0;b\x07\tc`,
		"go-template={{.metadata.name}}\t{{.absent}};":          "a\t<no value>;b\t<no value>;",
		Format("go-template-file=" + path):                      "a;b;",
	} {
		got, err := printed(t, func(run *invocation.Invocation) error { return Print(run, format, job("a"), job("b")) })
		if got != want || err != nil {
			t.Errorf("%s: %v\ngot  %q\nwant %q", format, err, got, want)
		}
	}
}

// One job is printed as it is, several are a List, and so is the answer to list, whatever it has.
func TestLists(t *testing.T) {
	for _, test := range []struct {
		what  string
		print func(*invocation.Invocation) error
		want  string
	}{
		{"a list of one", func(run *invocation.Invocation) error {
			return PrintList(run, "yaml", []*unstructured.Unstructured{job("a")})
		}, listYAML},
		{"no job", func(run *invocation.Invocation) error { return PrintList(run, "json", nil) },
			"{\n    \"apiVersion\": \"v1\",\n    \"items\": [],\n    \"kind\": \"List\"\n}\n"},
		{"no name", func(run *invocation.Invocation) error { return PrintList(run, "name", nil) }, ""},
		{"names of a list", func(run *invocation.Invocation) error {
			return PrintList(run, "jsonpath={.items[*].metadata.name}", []*unstructured.Unstructured{job("a"), job("b")})
		}, "a b"},
	} {
		got, err := printed(t, test.print)
		if got != test.want || err != nil {
			t.Errorf("%s: %v\ngot  %s\nwant %s", test.what, err, got, test.want)
		}
	}
	one, _ := printed(t, func(run *invocation.Invocation) error { return Print(run, "json", job("a")) })
	two, _ := printed(t, func(run *invocation.Invocation) error { return Print(run, "json", job("a"), job("b")) })
	if !strings.Contains(one, `"kind": "MPIJob"`) || strings.Contains(one, "List") || !strings.Contains(two, `"kind": "List"`) {
		t.Errorf("got %s%s", one, two)
	}
	if strings.Contains(one+two, "managedFields") || !strings.Contains(one, `a\u001b]0;b\u0007\tc`) {
		t.Errorf("got %s%s", one, two)
	}
}

// A template that is valid can still fail on an object.
func TestTemplateFails(t *testing.T) {
	for _, format := range []Format{`go-template={{index .metadata.name "a"}}`, "jsonpath={.metadata.name[1:2]}"} {
		got, err := printed(t, func(run *invocation.Invocation) error { return Print(run, format, job("a")) })
		if got != "" || err == nil || strings.Contains(err.Error(), "map[") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %q, %v", format, got, err)
		}
	}
}

// A template that has no end does not fill the memory, and an error does not have the whole object.
func TestEndlessOutput(t *testing.T) {
	object := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "X", "long": strings.Repeat("x", 1<<20)}}
	for _, test := range []struct{ format, want string }{
		{`go-template={{range 1000000000000}}{{$.long}}{{end}}`, "the template prints more than 256 MiB"},
		{`jsonpath={[?(1==1)]}`, "…"},
	} {
		var out bytes.Buffer
		err := Print(&invocation.Invocation{JobOutput: &out}, Format(test.format), object)
		if err == nil || !strings.HasSuffix(err.Error(), test.want) || len(err.Error()) > 1000 || out.Len() > 0 {
			t.Errorf("%s: got %.1000s and %d bytes", test.format, err, out.Len())
		}
	}
}
