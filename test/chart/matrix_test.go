package chart

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	certmanagerv1 "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	"github.com/google/go-cmp/cmp"
	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/chart"
)

// rows returns the files in testdata, which together have another value for each documented key.
func rows(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no rows: %v", err)
	}
	return files
}

func readValues(t *testing.T, file string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := yaml.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// documentedKeys returns the keys in the chart's README.
func documentedKeys(t *testing.T) [][]string {
	t.Helper()
	text, err := os.ReadFile("../../charts/runai-mpi/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "|-----|")
	var all [][]string
	for line := range strings.Lines(table) {
		cells := strings.Split(line, " | ")
		key, isRow := strings.CutPrefix(cells[0], "| ")
		if !isRow {
			continue
		}
		if description := cells[len(cells)-1]; strings.TrimSpace(strings.Trim(description, "|\n ")) == "" {
			t.Errorf("the README does not describe %s: begin its comment with # --", key)
		}
		all = append(all, strings.Split(key, "."))
	}
	if len(all) < 50 {
		t.Fatalf("only %d keys found in the README", len(all))
	}
	return all
}

// at returns the value at a place.
func at(values map[string]any, path []string) (value any, ok bool) {
	value, ok = values[path[0]]
	if len(path) == 1 || !ok {
		return value, ok
	}
	inner, _ := value.(map[string]any)
	return at(inner, path[1:])
}

// without returns the values without one of them.
func without(values map[string]any, path []string) map[string]any {
	values = maps.Clone(values)
	if inner, ok := values[path[0]].(map[string]any); ok && len(path) > 1 {
		values[path[0]] = without(inner, path[1:])
	} else {
		delete(values, path[0])
	}
	return values
}

// Each documented value has a row with another value than the default, and does something there.
func TestEveryValueIsUsed(t *testing.T) {
	normal, dir, usually := readValues(t, valuesFile), t.TempDir(), map[string]chart.Objects{}
	for _, row := range rows(t) {
		usually[row] = render(t, "--values", row)
	}
	for _, key := range documentedKeys(t) {
		usual, _ := at(normal, key)
		tried, used := false, false
		for _, row := range rows(t) {
			changed := readValues(t, row)
			if value, ok := at(changed, key); !ok || reflect.DeepEqual(value, usual) {
				continue
			}
			tried = true
			file := filepath.Join(dir, "values.yaml")
			text, err := yaml.Marshal(without(changed, key))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, text, 0o600); err != nil {
				t.Fatal(err)
			}
			other, err := chart.Render(t.Context(), "--values", file)
			if used = err != nil || !reflect.DeepEqual(other, usually[row]); used {
				break
			}
		}
		if name := strings.Join(key, "."); !tried {
			t.Errorf("no file in testdata changes %s", name)
		} else if !used {
			t.Errorf("%s changes nothing", name)
		}
	}
}

func TestEveryValueIsDocumented(t *testing.T) {
	known, normal := documentedKeys(t), readValues(t, valuesFile)
	for _, key := range paths(normal, nil) {
		isPart := func(known []string) bool { return slices.Equal(known, key[:min(len(known), len(key))]) }
		if value, _ := at(normal, key); !isObject(value) && !slices.ContainsFunc(known, isPart) {
			t.Errorf("the README lacks %s: run make goldens", strings.Join(key, "."))
		}
	}
}

func isObject(value any) bool {
	object, ok := value.(map[string]any)
	return ok && len(object) > 0
}

// Every object is one that its API knows, without a field that it does not know.
func TestObjectsAreStrict(t *testing.T) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		clientgoscheme.AddToScheme, apiextensionsv1.AddToScheme, certmanagerv1.AddToScheme, monitoringv1.AddToScheme, v1alpha1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	for _, row := range append(rows(t), valuesFile) {
		for _, object := range render(t, "--values", row, "--set", "image.repository=example.com/a") {
			text, err := json.Marshal(object.Object)
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := decoder.Decode(text, nil, nil); err != nil {
				t.Errorf("%s: %s %s: %v", filepath.Base(row), object.GetKind(), object.GetName(), err)
			}
		}
	}
}

// The tests render the chart with helm's engine as a library, and must get what the real helm prints, which also
// finds nothing to complain about.
func TestHelmAgrees(t *testing.T) {
	for _, row := range append(rows(t), valuesFile) {
		t.Run(filepath.Base(row), func(t *testing.T) {
			values := []string{"--kube-version", chart.KubernetesVersion, "--values", row, "--set", "image.repository=" + chart.Repository}
			helm(t, append([]string{"lint", "--strict", directory(t)}, values...)...)
			want, err := chart.Decode(bytes.NewReader(helm(t, append([]string{
				"template", chart.Release, directory(t), "--namespace", chart.Namespace, "--include-crds",
			}, values...)...)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, render(t, values...)); diff != "" {
				t.Errorf("(-helm +rendered):\n%s", diff)
			}
		})
	}
}
