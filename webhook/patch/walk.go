package patch

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

// fields compares two structs that both exist in the JSON.
func (w *walk) fields(before, after reflect.Value) {
	for _, member := range membersOf(before.Type()) {
		b, a := before.Field(member.index), after.Field(member.index)
		if isAbsent(b) && isAbsent(a) {
			continue // most fields of a pod
		}
		if member.name == "" {
			w.fields(b, a)
			continue
		}
		w.path.push(member.name)
		w.member(b, a)
		w.path.pop()
	}
}

// member compares two values of which each may be absent from the JSON. A struct is never removed:
// there may be more in it than its type knows.
func (w *walk) member(before, after reflect.Value) {
	isStruct := before.Kind() == reflect.Struct && !isLeaf(before.Type())
	switch absentBefore, absentAfter := isAbsent(before), isAbsent(after); {
	case absentBefore && absentAfter:
	case absentBefore && !(isStruct && isObject(lookup(w.raw, w.path))):
		w.add(after)
	case absentAfter && !isStruct:
		w.remove()
	default:
		w.present(before, after)
	}
}

// isAbsent tells whether JSON omits the value, or has an empty one in its place.
func isAbsent(value reflect.Value) bool {
	switch value.Kind() {
	case reflect.Pointer:
		return value.IsNil()
	case reflect.String, reflect.Map, reflect.Slice:
		return value.Len() == 0
	}
	return value.IsZero()
}

// present compares two values that the JSON has.
func (w *walk) present(before, after reflect.Value) {
	switch typ := before.Type(); {
	case typ.Kind() == reflect.Pointer:
		w.present(before.Elem(), after.Elem())
	case isLeaf(typ):
		if !sameLeaf(before, after) {
			w.add(after)
		}
	case typ.Kind() == reflect.Struct:
		w.fields(before, after)
	case typ.Kind() == reflect.Map:
		w.entries(before, after)
	case after.Len() < before.Len():
		w.shortened(before, after)
	default:
		w.elements(before, after)
	}
}

func (w *walk) entries(before, after reflect.Value) {
	if b, ok := reflect.TypeAssert[map[string]string](before); ok && maps.Equal(b, after.Interface().(map[string]string)) {
		return // labels and annotations: the most frequent maps, and mostly unchanged
	}
	for _, key := range keysOf(before, after) {
		b, a := before.MapIndex(key), after.MapIndex(key)
		w.path.push(key.String())
		switch {
		case !b.IsValid():
			w.add(a)
		case !a.IsValid():
			w.remove()
		case b.Kind() == reflect.Pointer && (b.IsNil() || a.IsNil()):
			w.member(b, a)
		default:
			w.present(b, a)
		}
		w.path.pop()
	}
}

// keysOf are the keys of both maps in their order.
func keysOf(before, after reflect.Value) []reflect.Value {
	keys := before.MapKeys()
	for _, key := range after.MapKeys() {
		if !before.MapIndex(key).IsValid() {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	return keys
}

// elements compares lists of which the second is at least as long.
func (w *walk) elements(before, after reflect.Value) {
	for i := range before.Len() {
		w.path.pushIndex(i)
		w.present(before.Index(i), after.Index(i))
		w.path.pop()
	}
	for i := before.Len(); i < after.Len(); i++ {
		w.appendElement(after.Index(i))
	}
}
