package server

import (
	"reflect"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// mostMisfits is the number of errors after which undecodable stops.
const mostMisfits = 500

// undecodable returns an error for each field that does not fit its Go type, up to a bound. The decoder's own error names
// at most the first, and Go types that mean nothing to a user.
func undecodable(raw []byte) field.ErrorList {
	return misfits(raw, reflect.TypeFor[v2beta1.MPIJob](), nil)
}

// misfits returns errors for the innermost values that cannot be decoded.
func misfits(raw jsontext.Value, typ reflect.Type, path *field.Path) field.ErrorList {
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	err := json.Unmarshal(raw, reflect.New(typ).Interface(), options)
	if err == nil {
		return nil
	}
	var errs field.ErrorList
	for _, part := range parts(raw, typ, path) {
		// rule T38 in webhook/server TestFloodsAreBounded: thousands of values of a wrong type
		if len(errs) >= mostMisfits {
			break
		}
		errs = append(errs, misfits(part.raw, part.typ, part.path)...)
	}
	if len(errs) == 0 && path != nil {
		errs = append(errs, field.Invalid(path, abbreviated(raw), expected(raw, typ)))
	}
	return errs
}

type part struct {
	raw  jsontext.Value
	typ  reflect.Type
	path *field.Path
	key  string // of an entry of a map
}

// parts splits a JSON object or list into the members that its Go type knows.
func parts(raw jsontext.Value, typ reflect.Type, path *field.Path) []part {
	var list []jsontext.Value
	var object map[string]jsontext.Value
	switch {
	case typ.Kind() == reflect.Slice && json.Unmarshal(raw, &list) == nil:
		all := make([]part, 0, len(list))
		for i, element := range list {
			all = append(all, part{element, typ.Elem(), path.Index(i), ""})
		}
		return all
	case typ.Kind() == reflect.Map && json.Unmarshal(raw, &object) == nil:
		return entries(object, typ.Elem(), path)
	case typ.Kind() == reflect.Struct && json.Unmarshal(raw, &object) == nil:
		return members(object, typ, path)
	}
	return nil
}

func entries(object map[string]jsontext.Value, typ reflect.Type, path *field.Path) []part {
	var all []part
	for key, value := range object {
		all = append(all, part{value, typ, path.Key(key), key})
	}
	slices.SortFunc(all, func(a, b part) int { return strings.Compare(a.key, b.key) })
	return all
}

func members(object map[string]jsontext.Value, typ reflect.Type, path *field.Path) []part {
	var all []part
	for f := range typ.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if value, present := object[name]; present && name != "" {
			all = append(all, part{value, f.Type, path.Child(name), ""})
		} else if f.Anonymous && name == "" {
			all = append(all, members(object, f.Type, path)...)
		}
	}
	return all
}

// expected returns what a value must be, without naming a Go type.
func expected(raw jsontext.Value, typ reflect.Type) string {
	switch typ.Name() {
	case "Quantity":
		return "must be a quantity, for example 500m, 2 or 4Gi"
	case "IntOrString":
		return "must be a number or a string"
	case "Time", "MicroTime":
		return "must be a time, for example 2026-01-31T12:00:00Z"
	}
	switch kind := typ.Kind(); {
	case kind == reflect.Bool:
		return "must be true or false, without quotes"
	case kind == reflect.Int, kind == reflect.Int32, kind == reflect.Int64:
		return "must be a whole number, without quotes"
	case kind == reflect.String:
		return "must be a string, in quotes"
	case kind == reflect.Slice && raw.Kind() != '[':
		return "must be a list"
	case (kind == reflect.Map || kind == reflect.Struct) && raw.Kind() != '{':
		return "must be an object"
	}
	return "has a value of the wrong type"
}

func abbreviated(raw jsontext.Value) string {
	const most = 64
	if len(raw) <= most {
		return string(raw)
	}
	return string(raw[:most]) + "..."
}
