package values

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

// A schema is a JSON schema.
type schema map[string]any

// Schema returns values.schema.json. It refuses unknown keys and wrong types everywhere.
func Schema() ([]byte, error) {
	all, err := of(reflect.TypeFor[Values]())
	if err != nil {
		return nil, err
	}
	all["$schema"] = "http://json-schema.org/draft-07/schema#"
	all["properties"].(map[string]any)["global"] = schema{"type": "object"} // helm's own, where the chart is part of another
	text, err := json.MarshalIndent(all, "", "  ")
	return append(text, '\n'), err
}

var modes = oneOf(v1alpha1.IdentityDisabled, v1alpha1.IdentityOptional, v1alpha1.IdentityRequired)

// special are the types that are not written in YAML as in Go, or that accept only some values.
var special = map[reflect.Type]schema{
	reflect.TypeFor[resource.Quantity]():      {"type": []string{"string", "number"}},
	reflect.TypeFor[intstr.IntOrString]():     {"type": []string{"string", "integer"}},
	reflect.TypeFor[metav1.Duration]():        {"type": "string", "pattern": `^([0-9]+([.][0-9]+)?(ns|us|µs|ms|s|m|h))+$`},
	reflect.TypeFor[config.MaxSize]():         {"type": "string"},
	reflect.TypeFor[config.FractionBackend](): oneOf(config.FractionsNone, config.FractionsKAI),
	reflect.TypeFor[config.IdentitySource]():  oneOf(config.SourceClaims, config.SourceDirectory, config.SourceClient),
	reflect.TypeFor[config.DirectorySchema](): oneOf(config.SchemaRFC2307, config.SchemaActiveDirectory),
	reflect.TypeFor[config.Membership]():      oneOf(config.ByMemberUID, config.ByMember, config.ByMemberOf),
	reflect.TypeFor[Username]():               {"type": "string", "pattern": `^[^'*\\\x00-\x1f]+[*]?$`},
	reflect.TypeFor[LabelKey](): {
		"type": "string", "pattern": `^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$`,
	},
	reflect.TypeFor[metav1.Time]():                     {"type": "string", "pattern": `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$`},
	reflect.TypeFor[v1alpha1.Restriction]():            oneOf(v1alpha1.Allow, v1alpha1.Deny),
	reflect.TypeFor[v1alpha1.IdentityMode]():           modes,
	reflect.TypeFor[v1alpha1.LauncherNodes]():          oneOf(v1alpha1.LauncherListed, v1alpha1.LauncherAny),
	reflect.TypeFor[config.SupplementalGroupsPolicy](): {"enum": []any{config.GroupsStrict, config.GroupsOff, false}}, // YAML's Off
}

func oneOf[T ~string](values ...T) schema {
	var all []any
	for _, value := range values {
		all = append(all, value)
	}
	return schema{"enum": all}
}

func of(t reflect.Type) (schema, error) {
	if known, ok := special[t]; ok {
		return known, nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		return of(t.Elem())
	case reflect.String:
		return schema{"type": "string"}, nil
	case reflect.Bool:
		return schema{"type": "boolean"}, nil
	case reflect.Int, reflect.Int32, reflect.Int64:
		return schema{"type": "integer"}, nil
	case reflect.Slice:
		items, err := of(t.Elem())
		return schema{"type": "array", "items": items}, err
	case reflect.Map:
		items, err := of(t.Elem())
		return schema{"type": "object", "additionalProperties": items}, err
	case reflect.Struct:
		return ofStruct(t)
	}
	return nil, fmt.Errorf("no schema for %s", t)
}

func ofStruct(t reflect.Type) (schema, error) {
	properties := map[string]any{}
	required, err := addFields(t, properties)
	object := schema{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		object["required"] = required
	}
	return object, err
}

// addFields returns the fields that are required: all of our own. Kubernetes has defaults for its own.
func addFields(t reflect.Type, properties map[string]any) (required []string, err error) {
	for i := range t.NumField() {
		field := t.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Type == reflect.TypeFor[metav1.TypeMeta]() {
			continue
		}
		if name == "" && strings.Contains(options, "inline") {
			if _, err := addFields(field.Type, properties); err != nil {
				return nil, err
			}
			continue
		}
		property, err := of(field.Type)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if property, err = restricted(property, field.Tag); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		properties[name] = property
		if strings.HasPrefix(t.PkgPath(), "github.com/runai-mpi/") && !strings.Contains(options, "omit") {
			required = append(required, name)
		}
	}
	return required, nil
}

// restricted adds what the tags of a field say.
func restricted(of schema, tag reflect.StructTag) (schema, error) {
	restricted := maps.Clone(of)
	if pattern := tag.Get("pattern"); pattern != "" {
		restricted["pattern"] = pattern
	}
	if pattern := tag.Get("keys"); pattern != "" {
		restricted["propertyNames"] = schema{"pattern": pattern}
	}
	if values, ok := tag.Lookup("enum"); ok {
		restricted = oneOf(strings.Split(values, ",")...)
	}
	for tagged, keys := range map[string]map[string]string{
		"min": {"integer": "minimum", "string": "minLength"}, "max": {"integer": "maximum", "string": "maxLength"},
	} {
		text, ok := tag.Lookup(tagged)
		if !ok {
			continue
		}
		number, err := strconv.Atoi(text)
		if err != nil {
			return nil, err
		}
		restricted[keys[of["type"].(string)]] = number
	}
	return restricted, nil
}
