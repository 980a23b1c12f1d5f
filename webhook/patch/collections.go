package patch

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
)

func (w *walk) entries(before, after reflect.Value) {
	if b, ok := reflect.TypeAssert[map[string]string](before); ok && maps.Equal(b, after.Interface().(map[string]string)) {
		return // labels and annotations are the most frequent maps and mostly unchanged
	}
	for _, key := range keysOf(before, after) {
		b, a := before.MapIndex(key), after.MapIndex(key)
		w.push(key.String())
		switch {
		case !b.IsValid():
			w.write(opAdd, a)
		case !a.IsValid():
			w.remove()
		default:
			w.value(opAdd, b, a)
		}
		w.pop()
	}
}

// keysOf returns the keys of both maps, sorted.
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

// list compares the elements with the same index and appends the others.
func (w *walk) list(before, after reflect.Value) {
	if after.Len() < before.Len() {
		w.shortened(before, after)
		return
	}
	for i := range before.Len() {
		w.push(strconv.Itoa(i))
		w.element(before.Index(i), after.Index(i))
		w.pop()
	}
	for i := before.Len(); i < after.Len(); i++ {
		w.push("-")
		w.write(opAdd, after.Index(i))
		w.pop()
	}
}

// element fails if the two elements have different names: the new one would inherit the unknown fields of
// the old.
func (w *walk) element(before, after reflect.Value) {
	if before.Kind() == reflect.Struct {
		if name := planOf(before.Type()).name; name >= 0 && !before.Field(name).Equal(after.Field(name)) {
			w.fail("has an element of another name: a list can only be appended to")
			return
		}
	}
	w.value(opReplace, before, after)
}

// shortened removes the elements that the second list lacks, in reverse order, so that the other indexes
// stay valid.
func (w *walk) shortened(before, after reflect.Value) {
	var removed []int
	kept := 0
	for i := range before.Len() {
		if kept < after.Len() && equality.Semantic.DeepEqual(before.Index(i).Interface(), after.Index(kept).Interface()) {
			kept++
			continue
		}
		removed = append(removed, i)
	}
	if kept < after.Len() {
		w.fail("has elements both removed and changed")
		return
	}
	for _, i := range slices.Backward(removed) {
		w.push(strconv.Itoa(i))
		w.remove()
		w.pop()
	}
}
