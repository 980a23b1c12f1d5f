package patch

import (
	"maps"
	"reflect"
	"slices"
	"unsafe"
)

// listOf is the form of a list whose elements have a form and a size.
func listOf(element *form, size uintptr) form {
	length := func(p unsafe.Pointer) int { return len(*(*[]byte)(p)) } // all lists have the same header
	first := func(p unsafe.Pointer) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(*(*[]byte)(p))) }
	return form{
		same: func(a, b unsafe.Pointer) bool {
			if length(a) != length(b) {
				return false
			}
			for i := range uintptr(length(a)) {
				if !element.same(unsafe.Add(first(a), i*size), unsafe.Add(first(b), i*size)) {
					return false
				}
			}
			return true
		},
		empty: func(p unsafe.Pointer) bool { return length(p) == 0 },
		append: func(text []byte, p unsafe.Pointer) (_ []byte, err error) {
			if first(p) == nil {
				return append(text, "null"...), nil
			}
			text = append(text, '[')
			for i := range uintptr(length(p)) {
				if text, err = element.append(separated(text), unsafe.Add(first(p), i*size)); err != nil {
					return nil, err
				}
			}
			return append(text, ']'), nil
		},
	}
}

// mapOf is the form of a map, which is written in the order of its keys.
func mapOf[K ~string, V any](m formsInTheMaking) form {
	element := m.of(reflect.TypeFor[V]())
	return form{
		same: func(a, b unsafe.Pointer) bool {
			before, after := *(*map[K]V)(a), *(*map[K]V)(b)
			return len(before) == len(after) && (len(before) == 0 || sameEntries(element, before, after))
		},
		empty: func(p unsafe.Pointer) bool { return len(*(*map[K]V)(p)) == 0 },
		append: func(text []byte, p unsafe.Pointer) (_ []byte, err error) {
			values := *(*map[K]V)(p)
			if values == nil {
				return append(text, "null"...), nil
			}
			text = append(text, '{')
			for _, key := range slices.Sorted(maps.Keys(values)) {
				value := values[key]
				if text, err = element.append(append(appendText(separated(text), string(key)), ':'), unsafe.Pointer(&value)); err != nil {
					return nil, err
				}
			}
			return append(text, '}'), nil
		},
	}
}

func sameEntries[K comparable, V any](element *form, before, after map[K]V) bool {
	var x, y V // once, because they escape
	var both bool
	for key := range before {
		x = before[key]
		if y, both = after[key]; !both || !element.same(unsafe.Pointer(&x), unsafe.Pointer(&y)) {
			return false
		}
	}
	return true
}

// separated appends a comma unless an object or a list has just begun.
func separated(text []byte) []byte {
	if last := text[len(text)-1]; last == '{' || last == '[' {
		return text
	}
	return append(text, ',')
}
