package patch

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"testing"
)

// unknownKey is a field that no Go type knows. Each occurrence has a different number as its value.
const unknownKey = "fieldOfANewerCRD"

// disturb adds unknown fields to the JSON of a type, and writes absent members in other ways.
func (m mutation) disturb(tree any, typ reflect.Type, count *int) {
	switch children := tree.(type) {
	case []any:
		for _, child := range children {
			m.disturb(child, typ.Elem(), count)
		}
	case map[string]any:
		switch {
		case typ.Kind() == reflect.Pointer:
			m.disturb(tree, typ.Elem(), count)
		case isLeaf(typ):
		case typ.Kind() == reflect.Struct:
			m.disturbMembers(children, typ, count)
			if m.oneIn(2) {
				*count++
				children[unknownKey] = *count
			}
		default:
			for _, key := range slices.Sorted(maps.Keys(children)) {
				m.disturb(children[key], typ.Elem(), count)
			}
		}
	}
}

func (m mutation) disturbMembers(object map[string]any, typ reflect.Type, count *int) {
	for _, member := range planOf(typ).members {
		field := typ.Field(member.index).Type
		child, ok := object[member.name]
		empty, isObject := child.(map[string]any)
		switch {
		case member.name == "":
			m.disturbMembers(object, field, count)
		case !ok && m.oneIn(20):
			object[member.name] = nil
		case ok && isObject && len(empty) == 0 && field.Kind() == reflect.Struct && m.oneIn(2):
			delete(object, member.name)
		default:
			m.disturb(child, field, count)
		}
	}
}

// unknownIn returns the unknown fields and the objects that have them.
func unknownIn(t *testing.T, raw []byte) map[float64]string {
	t.Helper()
	var tree any
	if err := json.Unmarshal(raw, &tree); err != nil {
		t.Fatal(err)
	}
	found := map[float64]string{}
	collect(tree, nil, found)
	return found
}

func collect(tree any, path []string, found map[float64]string) {
	switch children := tree.(type) {
	case []any:
		for i, child := range children {
			collect(child, append(path, strconv.Itoa(i)), found)
		}
	case map[string]any:
		for key, child := range children {
			if number, ok := child.(float64); ok && key == unknownKey {
				found[number] = pointer(path)
			}
			collect(child, append(path, key), found)
		}
	}
}

func pointer(path []string) string {
	w := walk{}
	for _, segment := range path {
		w.push(segment)
	}
	return string(w.path)
}
