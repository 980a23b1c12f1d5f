package patch

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unsafe"

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
	if name := nameOf(before.Type().Elem()); name >= 0 {
		w.named(before, after, name)
		return
	}
	if after.Len() < before.Len() {
		w.shortened(before, after)
		return
	}
	for i := range before.Len() {
		w.element(i, before.Index(i), after.Index(i))
	}
	w.append(after, before.Len())
}

// nameOf returns the index of the field that identifies elements of this type, or -1.
func nameOf(typ reflect.Type) int {
	if typ.Kind() != reflect.Struct {
		return -1
	}
	return planOf(typ).name
}

func (w *walk) element(i int, before, after reflect.Value) {
	if formOf(before.Type()).same(unsafe.Pointer(before.UnsafeAddr()), unsafe.Pointer(after.UnsafeAddr())) {
		return
	}
	w.push(strconv.Itoa(i))
	w.value(opReplace, before, after)
	w.pop()
}

func (w *walk) append(after reflect.Value, from int) {
	for i := from; i < after.Len(); i++ {
		w.push("-")
		w.write(opAdd, after.Index(i))
		w.pop()
	}
}

func (w *walk) removeAll(indexes []int) {
	for _, i := range slices.Backward(indexes) { // the other indexes stay valid
		w.push(strconv.Itoa(i))
		w.remove()
		w.pop()
	}
}

// named compares the elements with the same name. It removes the others and appends the new ones. Elements that
// stay behind an inserted one move to the end, so that each keeps its own unknown fields.
func (w *walk) named(before, after reflect.Value, name int) {
	var removed []int
	kept, next := 0, 0
	for ; kept < after.Len(); kept++ {
		i := indexOf(before, next, name, after.Index(kept))
		if i < 0 {
			break
		}
		w.element(i, before.Index(i), after.Index(kept))
		for ; next < i; next++ {
			removed = append(removed, next)
		}
		next = i + 1
	}
	moved := map[int]int{} // indexes in after to those in before
	stays := make([]bool, before.Len())
	for i := kept; i < after.Len(); i++ {
		from := indexOf(before, next, name, after.Index(i))
		for from >= 0 && stays[from] { // of the same name
			from = indexOf(before, from+1, name, after.Index(i))
		}
		if from >= 0 {
			moved[i], stays[from] = from, true
			w.element(from, before.Index(from), after.Index(i))
		}
	}
	for ; next < before.Len(); next++ {
		if !stays[next] {
			removed = append(removed, next)
		}
	}
	w.removeAll(removed)
	w.appendOrMove(after, kept, moved, without(before.Len(), removed))
}

// appendOrMove appends elements, or moves those that the list has to its end. order has their indexes in before.
func (w *walk) appendOrMove(after reflect.Value, kept int, moved map[int]int, order []int) {
	if len(moved) == 0 {
		w.append(after, kept)
		return
	}
	for i := kept; i < after.Len(); i++ {
		w.push("-")
		if from, isOld := moved[i]; isOld {
			at := slices.Index(order, from)
			w.move(strconv.Itoa(at))
			order = append(slices.Delete(order, at, at+1), from)
		} else {
			w.write(opAdd, after.Index(i))
		}
		w.pop()
	}
}

// without returns the indexes of a list, except the given ones, which are sorted.
func without(length int, removed []int) []int {
	var rest []int
	for i := range length {
		if _, gone := slices.BinarySearch(removed, i); !gone {
			rest = append(rest, i)
		}
	}
	return rest
}

// indexOf returns the index of the first element with the name of another one, or -1.
func indexOf(list reflect.Value, from, name int, other reflect.Value) int {
	for i := from; i < list.Len(); i++ {
		if list.Index(i).Field(name).Equal(other.Field(name)) {
			return i
		}
	}
	return -1
}

// shortened removes the elements that the second list lacks.
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
	w.removeAll(removed)
}
