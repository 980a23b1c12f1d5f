package patch

import (
	"reflect"
	"unsafe"

	"k8s.io/apimachinery/pkg/api/equality"
)

// fields compares two structs that both exist in the JSON.
func (w *walk) fields(before, after reflect.Value) {
	inBefore, inAfter := unsafe.Pointer(before.UnsafeAddr()), unsafe.Pointer(after.UnsafeAddr())
	for _, member := range planOf(before.Type()).members {
		if member.form.same(unsafe.Add(inBefore, member.offset), unsafe.Add(inAfter, member.offset)) {
			continue // almost all
		}
		b, a := before.Field(member.index), after.Field(member.index)
		if isAbsent(b) && isAbsent(a) {
			continue
		}
		if member.name == "" {
			w.fields(b, a)
			continue
		}
		w.push(member.name)
		if member.removable && isAbsent(a) {
			w.remove()
		} else {
			w.value(opAdd, b, a)
		}
		w.pop()
	}
}

// isAbsent reports whether JSON omits the value or has an empty one.
func isAbsent(value reflect.Value) bool {
	switch value.Kind() {
	case reflect.Pointer:
		return value.IsNil()
	case reflect.String, reflect.Map, reflect.Slice:
		return value.Len() == 0
	}
	return value.IsZero()
}

// value compares the values at the path. op is the operation that sets a changed one.
func (w *walk) value(op string, before, after reflect.Value) {
	switch kind := before.Kind(); {
	case isLeaf(before.Type()):
		if !sameLeaf(before, after) {
			w.write(op, after)
		}
	case kind == reflect.Struct:
		w.object(op, before, after)
	case isAbsent(before) && isAbsent(after):
	case isAbsent(before) || isAbsent(after):
		w.write(op, after)
	case kind == reflect.Pointer:
		w.value(op, before.Elem(), after.Elem())
	case kind == reflect.Map:
		w.entries(before, after)
	default:
		w.list(before, after)
	}
}

// object compares two structs. If the first is zero, only the JSON shows whether it exists, perhaps with
// fields that its type does not know.
func (w *walk) object(op string, before, after reflect.Value) {
	switch {
	case before.IsZero() && after.IsZero():
	case !before.IsZero() || isObject(w.raw, w.path):
		w.fields(before, after)
	case !equality.Semantic.DeepEqual(before.Interface(), after.Interface()):
		w.write(op, after)
	}
}

// sameLeaf compares quantities by amount and times by instant.
func sameLeaf(before, after reflect.Value) bool {
	switch before.Kind() {
	case reflect.Slice, reflect.Map, reflect.Struct:
		return equality.Semantic.DeepEqual(before.Interface(), after.Interface())
	}
	return before.Equal(after)
}
