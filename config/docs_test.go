package config

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/test/docgen"
	"github.com/runai-mpi/runai-mpi/test/golden"
)

var docsBody = docgen.Text(`
The cluster policy is one file, which the chart makes from ^policy^ in its [values](../../charts/runai-mpi/values.yaml).
Write only the keys that you change:

^^^yaml
apiVersion: policy.run.ai/v1alpha1
kind: ClusterPolicy
scheduling:
  schedulerName: kai-scheduler
gpu:
  fractions: KAI
^^^

An unknown key or a bad value is an error: the webhook does not start, and the replicas with the old cluster policy keep
running. Try a file on a job first: ^runai-webhook admit -f job.yaml --policy cluster-policy.yaml^.
`)

// The page has every key of the type, with what default.yaml says of it.
func TestDocs(t *testing.T) {
	written := parseComments(t, string(DefaultYAML()))
	if len(written) < 30 {
		t.Errorf("only %d keys are commented", len(written))
	}
	page := docgen.Head("The cluster policy", "Look up each key of the cluster policy: its type, its default and what it does.",
		"[config/default.yaml](../../config/default.yaml) and its Go type") + docsBody
	var rows [][]string
	flush := func() {
		if len(rows) > 0 {
			page += "\n" + docgen.Table([]string{"key", "type", "default", "meaning"}, rows)
		}
		rows = nil
	}
	typ := reflect.TypeFor[ClusterPolicy]()
	for _, key := range written {
		if key.comment == "" {
			t.Errorf("default.yaml does not say what %s is", key.path)
		}
		of, known := typeOf(typ, key.path)
		switch {
		case !known: // below a key that has a type of Kubernetes
		case of.Kind() == reflect.Struct && isOurs(of) && !strings.Contains(key.path, "."):
			flush()
			page += "\n## " + key.path + "\n\n" + key.comment + "\n"
		default:
			rows = append(rows, []string{docgen.Code(key.path), typeName(key.path, of), docgen.Code(key.value), key.comment})
		}
	}
	flush()
	golden.Compare(t, "../docs/reference/cluster-policy.md", page)
}

// A commentedKey is a key of a YAML file, with the comment above it and the value beside or below it.
type commentedKey struct{ path, value, comment string }

// parseComments reads YAML as default.yaml is written: two spaces a level, comments above their keys. Keys
// below one whose type is not of this module belong to its value.
func parseComments(t *testing.T, text string) []commentedKey {
	t.Helper()
	var keys []commentedKey
	var parents, comment []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		content := strings.TrimLeft(line, " ")
		name, value, isKey := strings.Cut(content, ":")
		value = strings.TrimSpace(value)
		level := (len(line) - len(content)) / 2
		switch {
		case content == "":
			comment = nil
		case content[0] == '#':
			comment = append(comment, strings.TrimSpace(content[1:]))
		case !isKey:
			t.Errorf("this test cannot read %q", line)
		case name == "apiVersion" || name == "kind":
		default:
			parents = append(slices.Clone(parents[:level]), name)
			path := strings.Join(parents, ".")
			if last := len(keys) - 1; level > 0 && !hasMembers(strings.Join(parents[:level], ".")) {
				keys[last].value = strings.TrimPrefix(keys[last].value+", ", ", ") + content
			} else {
				keys = append(keys, commentedKey{path, value, strings.Join(comment, " ")})
			}
			comment = nil
		}
	}
	return keys
}

func hasMembers(path string) bool {
	of, known := typeOf(reflect.TypeFor[ClusterPolicy](), path)
	return known && of.Kind() == reflect.Struct && isOurs(of)
}

// typeOf finds the type of a key.
func typeOf(in reflect.Type, path string) (reflect.Type, bool) {
	name, rest, deeper := strings.Cut(path, ".")
	for member := range in.Fields() {
		if tag, _, _ := strings.Cut(member.Tag.Get("json"), ","); tag == name {
			if !deeper {
				return member.Type, true
			}
			return typeOf(member.Type, rest)
		}
	}
	return nil, false
}

func isOurs(of reflect.Type) bool { return !strings.HasPrefix(of.PkgPath(), "k8s.io/") }

func typeName(path string, of reflect.Type) string {
	switch values := accepted(path); {
	case len(values) > 0 && of.Kind() == reflect.Slice:
		return "list of " + docgen.Code(values...)
	case len(values) > 0:
		return docgen.Code(values...)
	}
	switch of.String() {
	case "v1.Duration":
		return "duration"
	case "config.MaxSize":
		return "quantity"
	}
	switch of.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Int32, reflect.Int64:
		return "integer"
	case reflect.Slice:
		return "list of strings"
	}
	return "object"
}

// accepted are the values that validation accepts for a key, if it accepts certain strings only.
func accepted(path string) []string {
	policy := Default()
	value := reflect.ValueOf(policy).Elem()
	for _, name := range strings.Split(path, ".") {
		value = value.FieldByNameFunc(func(field string) bool { return strings.EqualFold(field, name) })
	}
	switch {
	case value.Kind() == reflect.String:
		value.SetString("?")
	case value.Kind() == reflect.Slice && value.Type().Elem().Kind() == reflect.String:
		element := reflect.New(value.Type().Elem()).Elem()
		element.SetString("?")
		value.Set(reflect.Append(reflect.MakeSlice(value.Type(), 0, 1), element))
		path += "[0]"
	}
	for _, err := range policy.Validate() {
		list, found := strings.CutPrefix(err.Detail, "must be ")
		if found && err.Field == path && err.Type == field.ErrorTypeNotSupported {
			return strings.Split(strings.Replace(list, " or ", ", ", 1), ", ")
		}
	}
	return nil
}
