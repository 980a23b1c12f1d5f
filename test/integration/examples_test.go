package integration

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gomodules.xyz/jsonpatch/v2"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/test/golden"
	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
)

var withoutVersion = regexp.MustCompile(`(applied-policies: [a-z,-]+)[^:]+,workers=\d+(,scheduler=\S+)?`)

// In a project's namespace, the operator's own examples are stored with the changes of the policies that always
// apply, and with no others.
func TestOperatorsExamples(t *testing.T) {
	project := product.AddProject(t, "examples", dgx)
	plain := "plain-examples"
	product.AddNamespace(t, plain, nil)
	for _, path := range examples(t) {
		name := strings.TrimSuffix(filepath.Base(path), ".yaml")
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			untouched, admitted := store(t, data, name, plain), store(t, data, name, project)
			operations, err := jsonpatch.CreatePatch([]byte(canonical(t, visible(untouched))), []byte(canonical(t, visible(admitted))))
			if err != nil {
				t.Fatal(err)
			}
			slices.SortFunc(operations, func(a, b jsonpatch.Operation) int { return strings.Compare(a.Path, b.Path) })
			compare(t, filepath.Join("testdata", "examples", name+".patch.yaml"), operations)
			job := product.Job(t, project, admitted.GetName())
			if errs := mpijob.Validate(job); len(errs) > 0 {
				t.Errorf("the operator would refuse it: %s", errs.ToAggregate())
			}
			podsOf(t, job)
		})
	}
}

// In a namespace without the label, a job is stored as it was sent, with the CRD's defaults.
func TestOtherNamespacesAreNotTouched(t *testing.T) {
	product.AddNamespace(t, "plain", nil)
	stored := store(t, []byte(annotated), "annotated", "plain")
	var sent map[string]any
	if err := yaml.Unmarshal([]byte(annotated), &sent); err != nil {
		t.Fatal(err)
	}
	want := sent["spec"].(map[string]any)
	for key, value := range map[string]any{
		"launcherCreationPolicy": "AtStartup", "mpiImplementation": "OpenMPI", "runLauncherAsWorker": false,
		"sshAuthMountPath": "/root/.ssh",
	} {
		want[key] = value // the CRD's defaults
	}
	want["runPolicy"].(map[string]any)["suspend"] = false
	if diff := cmp.Diff(canonical(t, want), canonical(t, stored.Object["spec"])); diff != "" {
		t.Errorf("(-sent +stored):\n%s", diff)
	}
	if labels := stored.GetLabels(); len(labels) > 0 {
		t.Errorf("the job has labels %v, want none", labels)
	}
}

func examples(t *testing.T) []string {
	t.Helper()
	operator, err := binaries.Source(binaries.MPIOperator)
	if err != nil {
		t.Fatal(err)
	}
	all, err := filepath.Glob(filepath.Join(operator, "examples", "v2beta1", "*", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	jobs := slices.DeleteFunc(all, func(path string) bool {
		data, err := os.ReadFile(path)
		return err != nil || !strings.Contains(string(data), "kind: MPIJob")
	})
	if len(jobs) < 5 {
		t.Fatalf("the operator's module has only %d examples", len(jobs))
	}
	return jobs
}

// store creates a job with another name, because several examples are called pi.
func store(t *testing.T, data []byte, name, namespace string) *unstructured.Unstructured {
	t.Helper()
	object := &unstructured.Unstructured{}
	if err := yaml.Unmarshal(data, object); err != nil {
		t.Fatal(err)
	}
	object.SetName(name)
	object.SetNamespace(namespace)
	product.Create(t, object)
	return object
}

// visible returns the part of an object that its user can write.
func visible(object *unstructured.Unstructured) map[string]any {
	return map[string]any{
		"metadata": map[string]any{"labels": object.GetLabels(), "annotations": object.GetAnnotations()},
		"spec":     object.Object["spec"],
	}
}

// compare compares a value, without the webhook's version, with a golden file.
func compare(t *testing.T, path string, value any) {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	got, err := yaml.JSONToYAML(text)
	if err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, path, withoutVersion.ReplaceAllString(string(got), "$1"))
}
