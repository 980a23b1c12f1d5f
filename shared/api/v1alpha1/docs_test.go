package v1alpha1_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/docgen"
	"github.com/runai-mpi/runai-mpi/test/golden"
)

const root = "../../../"

var kinds = []struct {
	kind, plural, page, crd, sample string
	object                          any
	lead                            string
}{
	{
		"Project", "Projects", "project.md", "policy.run.ai_projects.yaml", "project.yaml", &v1alpha1.Project{},
		"Look up each field of a Project: what it does, its default, and the values that the API server accepts. " +
			"[Projects](../projects.md) says how to use one.",
	},
	{
		"PosixIdentity", "PosixIdentities", "posixidentity.md", "policy.run.ai_posixidentities.yaml", "posixidentity.yaml", &v1alpha1.PosixIdentity{},
		"Look up each field of a PosixIdentity: what it does, and the values that the API server accepts. " +
			"[Run jobs as their submitter](../identity.md) says how to use one.",
	},
}

// Each page has every field of the CRD that the chart installs, and a sample that decodes strictly.
func TestDocs(t *testing.T) {
	for _, kind := range kinds {
		source := "charts/runai-mpi/crds/" + kind.crd
		crd := &apiextensionsv1.CustomResourceDefinition{}
		readStrictly(t, root+source, crd)
		schema := crd.Spec.Versions[0].Schema.OpenAPIV3Schema
		spec := schema.Properties["spec"]
		rows := fieldRows(t, "spec", &spec)
		page := docgen.Head(kind.kind, kind.lead, fmt.Sprintf("[%s](../../%s)", source, source))
		page += fmt.Sprintf("\n%s %s are cluster-scoped: `kubectl get %s` lists all of them.\n",
			oneLine(schema.Description), kind.plural, crd.Spec.Names.Plural)
		page += "\n```yaml\n" + readStrictly(t, root+"config/samples/"+kind.sample, kind.object) + "```\n"
		page += "\n## Fields\n\n" + docgen.Table([]string{"field", "type", "accepted", "default", "meaning"}, rows)
		if rules := append(rules("", schema), rules("spec", &spec)...); len(rules) > 0 {
			page += "\n## Rules\n\n" + docgen.Table([]string{"field", "refused with", "unless"}, rules)
		}
		golden.Compare(t, root+"docs/reference/"+kind.page, page)
	}
}

func readStrictly(t *testing.T, path string, into any) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(data, into); err != nil {
		t.Fatalf("%s: %s", path, err)
	}
	return string(data)
}

func fieldRows(t *testing.T, path string, schema *apiextensionsv1.JSONSchemaProps) [][]string {
	t.Helper()
	var rows [][]string
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		field := schema.Properties[name]
		at := path + "." + name
		if field.Description == "" {
			t.Errorf("%s has no description", at)
		}
		byDefault := docgen.Code(jsonText(field.Default))
		if slices.Contains(schema.Required, name) {
			byDefault = "required"
		}
		rows = append(rows, []string{docgen.Code(at), typeName(field), accepted(field), byDefault, oneLine(field.Description)})
		rows = append(rows, fieldRows(t, at, &field)...)
	}
	return rows
}

func typeName(field apiextensionsv1.JSONSchemaProps) string {
	switch {
	case field.Items != nil:
		return "list of " + field.Items.Schema.Type + "s"
	case field.Format == "date-time":
		return "time"
	}
	return field.Type
}

// accepted has the bounds of a field, or of the elements of a list.
func accepted(field apiextensionsv1.JSONSchemaProps) string {
	var all []string
	if field.MaxItems != nil {
		all = append(all, fmt.Sprintf("at most %d elements", *field.MaxItems))
	}
	if field.Items != nil {
		field = *field.Items.Schema
	}
	for _, value := range field.Enum {
		all = append(all, docgen.Code(jsonText(&value)))
	}
	if field.Minimum != nil && field.Maximum != nil {
		all = append(all, fmt.Sprintf("%.0f to %.0f", *field.Minimum, *field.Maximum))
	}
	if field.MaxLength != nil {
		all = append(all, fmt.Sprintf("at most %d characters", *field.MaxLength))
	}
	if field.Pattern != "" {
		all = append(all, docgen.Code(field.Pattern))
	}
	return strings.Join(all, ", ")
}

// rules are the validation rules of an object and of the fields below it.
func rules(path string, schema *apiextensionsv1.JSONSchemaProps) [][]string {
	var rows [][]string
	for _, rule := range schema.XValidations {
		rows = append(rows, []string{docgen.Code(path), rule.Message, docgen.Code(rule.Rule)})
	}
	if path == "" {
		return rows // what is below has a page of its own
	}
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		field := schema.Properties[name]
		rows = append(rows, rules(path+"."+name, &field)...)
	}
	return rows
}

func jsonText(value *apiextensionsv1.JSON) string {
	if value == nil {
		return ""
	}
	var text string
	if json.Unmarshal(value.Raw, &text) == nil {
		return text
	}
	return string(value.Raw)
}

func oneLine(text string) string { return strings.ReplaceAll(text, "\n", " ") }
