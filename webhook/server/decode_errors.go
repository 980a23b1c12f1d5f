package server

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// undecodable finds the fields that do not fit their Go types, because the decoder's own error names
// at most the first, and not even that for a quantity.
func undecodable(raw []byte) field.ErrorList {
	return misfits(raw, reflect.TypeFor[v2beta1.MPIJob](), nil)
}

// misfits descends into a value that cannot be decoded, to the innermost values that cannot.
func misfits(raw jsontext.Value, typ reflect.Type, path *field.Path) field.ErrorList {
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	err := json.Unmarshal(raw, reflect.New(typ).Interface())
	if err == nil {
		return nil
	}
	var errs field.ErrorList
	for _, part := range parts(raw, typ, path) {
		errs = append(errs, misfits(part.raw, part.typ, part.path)...)
	}
	if len(errs) == 0 && path != nil {
		errs = append(errs, field.Invalid(path, abbreviated(raw), "cannot be read as "+expected(typ)))
	}
	return errs
}

type part struct {
	raw  jsontext.Value
	typ  reflect.Type
	path *field.Path
}

// parts splits an object or a list whose Go type has fields, entries or elements.
func parts(raw jsontext.Value, typ reflect.Type, path *field.Path) []part {
	var list []jsontext.Value
	var object map[string]jsontext.Value
	switch {
	case typ.Kind() == reflect.Slice && json.Unmarshal(raw, &list) == nil:
		all := make([]part, 0, len(list))
		for i, element := range list {
			all = append(all, part{element, typ.Elem(), path.Index(i)})
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
		all = append(all, part{value, typ, path.Key(key)})
	}
	slices.SortFunc(all, func(a, b part) int { return strings.Compare(a.path.String(), b.path.String()) })
	return all
}

func members(object map[string]jsontext.Value, typ reflect.Type, path *field.Path) []part {
	var all []part
	for f := range typ.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if value, present := object[name]; present && name != "" {
			all = append(all, part{value, f.Type, path.Child(name)})
		} else if f.Anonymous && strings.Contains(options, "inline") {
			all = append(all, members(object, f.Type, path)...)
		}
	}
	return all
}

// expected names what belongs there in the words of the API.
func expected(typ reflect.Type) string {
	switch typ.Kind() {
	case reflect.Bool:
		return "a boolean: write true or false"
	case reflect.Int, reflect.Int32, reflect.Int64:
		return "a whole number: write it without quotes"
	case reflect.String:
		return "a string: put it into quotes"
	case reflect.Slice:
		return "a list: write - before each element"
	case reflect.Map, reflect.Struct:
		if typ.Name() == "Quantity" {
			return "a quantity: write for example 500m, 2 or 4Gi"
		}
		return fmt.Sprintf("an object (%s): write its fields", typ.Name())
	}
	return typ.String()
}

func abbreviated(raw jsontext.Value) string {
	const most = 64
	if len(raw) <= most {
		return string(raw)
	}
	return string(raw[:most]) + "..."
}
