package chart

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/test/golden"
	"github.com/runai-mpi/runai-mpi/test/internal/chart"
	"github.com/runai-mpi/runai-mpi/test/internal/chart/values"
)

const schemaFile = "../../charts/runai-mpi/values.schema.json"

// The schema is generated from the type of the values, whose policy is the type that the webhook reads.
func TestSchema(t *testing.T) {
	schema, err := values.Schema()
	if err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, schemaFile, string(schema))
}

// A node of the schema is one value with its place: the keys from the outside, and [] for an item of a list.
type node struct {
	path   []string
	schema map[string]any
}

func (n node) String() string { return strings.Join(n.path, ".") }

// nodes returns every value that the schema describes.
func nodes(schema map[string]any, path []string) []node {
	all := []node{{path, schema}}
	properties, _ := schema["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		all = append(all, nodes(properties[name].(map[string]any), append(slices.Clone(path), name))...)
	}
	if items, ok := schema["items"].(map[string]any); ok {
		all = append(all, nodes(items, append(slices.Clone(path), "[]"))...)
	}
	if items, ok := schema["additionalProperties"].(map[string]any); ok {
		all = append(all, nodes(items, append(slices.Clone(path), "key"))...)
	}
	return all
}

func readSchema(t *testing.T) map[string]any {
	t.Helper()
	text, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	var schema map[string]any
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	return schema
}

// compile returns the validation that helm runs. Helm's own function compiles the schema for each validation.
func compile(t *testing.T, all map[string]any) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("file:///values.schema.json", all); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("file:///values.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// with returns the default values, changed at one place.
func with(value any, path []string, change any) any {
	switch {
	case len(path) == 0:
		return change
	case path[0] == "[]":
		return []any{with(nil, path[1:], change)}
	}
	object, _ := value.(map[string]any)
	object = maps.Clone(object)
	if object == nil {
		object = map[string]any{}
	}
	object[path[0]] = with(object[path[0]], path[1:], change)
	return object
}

// Every value of a wrong type is refused, and every key that does not exist.
func TestSchemaRefusesWrongTypes(t *testing.T) {
	schema, normal, found := readSchema(t), readValues(t, valuesFile), map[string]bool{}
	compiled := compile(t, schema)
	for _, node := range nodes(schema, nil) {
		found[node.String()] = true
		if len(node.path) == 0 || node.path[0] == "global" {
			continue
		}
		for _, wrong := range wrongValues(node.schema) {
			if err := compiled.Validate(with(normal, node.path, wrong)); err == nil {
				t.Errorf("%s: %#v is accepted", node, wrong)
			}
		}
		if node.schema["type"] == "object" && node.schema["additionalProperties"] == false {
			err := compiled.Validate(with(normal, append(slices.Clone(node.path), "unknown"), "x"))
			if err == nil || !strings.Contains(err.Error(), "'unknown'") {
				t.Errorf("%s: an unknown key: got %v", node, err)
			}
		}
	}
	for _, path := range paths(normal, nil) {
		if !found[strings.Join(path, ".")] {
			t.Errorf("the schema lacks %s", strings.Join(path, "."))
		}
	}
	for _, set := range []string{"unknown=x", "image.tag=1", "policy.unknown=x"} { // as helm validates all of it
		if _, err := chart.Render(t.Context(), "--set", set); err == nil {
			t.Errorf("%s is accepted", set)
		}
	}
}

// wrongValues returns values of each type that a schema does not accept.
func wrongValues(schema map[string]any) []any {
	var wrong []any
	for kind, value := range map[string]any{
		"string": "-", "integer": 7, "number": 1.5, "boolean": true, "null": nil,
		"array": []any{map[string]any{}}, "object": map[string]any{"x": "y"},
	} {
		switch accepted := schema["type"].(type) {
		case string:
			if kind == accepted || accepted == "number" && kind == "integer" {
				continue
			}
		case []any:
			if slices.Contains(accepted, any(kind)) || kind == "integer" && slices.Contains(accepted, "number") {
				continue
			}
		}
		wrong = append(wrong, value)
	}
	return wrong
}

// paths returns the place of each value in values.yaml: its maps with keys are places too.
func paths(value map[string]any, path []string) [][]string {
	var all [][]string
	for _, key := range slices.Sorted(maps.Keys(value)) {
		at := append(slices.Clone(path), key)
		all = append(all, at)
		if inner, ok := value[key].(map[string]any); ok && !isFree(at) {
			all = append(all, paths(inner, at)...)
		}
	}
	return all
}

// isFree reports whether the keys of a value are not ours, but an object of Kubernetes or a free map.
func isFree(path []string) bool {
	return slices.Contains([]string{"resources.requests", "resources.limits"}, strings.Join(path, "."))
}

// What the schema cannot judge, the webhook does when it reads the cluster policy.
func TestWrongPolicies(t *testing.T) {
	for _, set := range []string{
		"projectLabel=a/b/c", "projectLabel=", "nodeTypeLabel=-", "scheduling.queueLabel=a b", "scheduling.schedulerName=A_",
		"gpu.fractions=HAMi", "gpu.fractions=KAI", "gpu.resourceName=", "gitSync.image=", "gitSync.timeout=0s", "gitSync.timeout=soon",
		"gitSync.timeout=120", "gitSync.defaultTarget=code", "gitSync.defaultTarget=/etc", "largeShm.maxSize=many", "largeShm.maxSize=-1",
		"workers.max=0", "workers.max=1.5", "workers.max=99999999999", "identity.sources={Guess}", "identity.sources=Claims",
		"identity.minUID=0",
		"identity.minUID=-1", "identity.minGID=x", "identity.supplementalGroupsPolicy=Merge", "identity.supplementalGroupsPolicy=true",
		"identity.podAnnotations={*}", "identity.claims.uid=", "identity.claims=x", "ssh.port=22", "ssh.port=x",
		"start.gate=maybe", "start.timeout=0s", "start.maxTimeout=1m", "restrictions.hostPath=Never", "restrictions.hostPID=Deny",
		"sharedStorage.hostPaths={scratch}", "sharedStorage.nfs={nas}", "sharedStorage.subPaths=Some", "multiKueue.submitters=x",
		"unknown=x",
	} {
		objects, err := chart.Render(t.Context(), "--set", "policy."+set)
		if err != nil {
			continue
		}
		if _, err := config.Parse([]byte(policyText(t, objects))); err == nil {
			t.Errorf("%s is accepted", set)
		}
	}
}
