package patch

import (
	"reflect"
	"strings"
	"unsafe"
)

// A place is a member of a struct, or of a struct that stands in the same object.
type place struct {
	*form
	offset  uintptr
	name    string // quoted, with a colon
	omitted func(p unsafe.Pointer) bool
}

func (m formsInTheMaking) structOf(typ reflect.Type) form {
	places, known := m.placesOf(typ, 0)
	if !known || repeats(places) {
		return reflected(typ)
	}
	return form{
		same: func(a, b unsafe.Pointer) bool {
			for i := range places {
				if place := &places[i]; !place.same(unsafe.Add(a, place.offset), unsafe.Add(b, place.offset)) {
					return false
				}
			}
			return true
		},
		empty: func(unsafe.Pointer) bool { return false },
		append: func(text []byte, p unsafe.Pointer) (_ []byte, err error) {
			text = append(text, '{')
			for i := range places {
				place := &places[i]
				at := unsafe.Add(p, place.offset)
				if place.omitted(at) {
					continue
				}
				if text, err = place.append(append(separated(text), place.name...), at); err != nil {
					return nil, err
				}
			}
			return append(text, '}'), nil
		},
	}
}

// placesOf returns the members of a struct in their order in JSON, and whether all their tags are known.
func (m formsInTheMaking) placesOf(typ reflect.Type, offset uintptr) (places []place, known bool) {
	for field := range typ.Fields() {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case name == "-" || !field.IsExported():
		case field.Anonymous && name == "" && field.Type.Kind() == reflect.Struct && !writesItself(field.Type):
			inner, known := m.placesOf(field.Type, offset+field.Offset)
			if !known {
				return nil, false
			}
			places = append(places, inner...)
		case name == "":
			return nil, false
		default:
			made := place{m.of(field.Type), offset + field.Offset, string(append(appendText(nil, name), ':')), nil}
			if made.omitted, known = omission(made.form, field.Type, options); !known {
				return nil, false
			}
			places = append(places, made)
		}
	}
	return places, true
}

// omission returns which values the options of a tag omit.
func omission(of *form, typ reflect.Type, options string) (omitted func(p unsafe.Pointer) bool, known bool) {
	empty, zero := false, false
	for option := range strings.SplitSeq(options, ",") {
		switch option {
		case "omitempty":
			empty = true
		case "omitzero":
			zero = true
		case "", "inline":
		default:
			return nil, false
		}
	}
	switch {
	case zero:
		return func(p unsafe.Pointer) bool { return empty && of.empty(p) || isZero(reflect.NewAt(typ, p)) }, true
	case empty:
		return func(p unsafe.Pointer) bool { return of.empty(p) }, true
	}
	return func(unsafe.Pointer) bool { return false }, true
}

// isZero reports whether omitzero omits what a pointer points to.
func isZero(pointer reflect.Value) bool {
	if value, ok := pointer.Interface().(interface{ IsZero() bool }); ok {
		return value.IsZero()
	}
	return pointer.Elem().IsZero()
}

func repeats(places []place) bool {
	names := map[string]bool{}
	for _, place := range places {
		if names[place.name] {
			return true
		}
		names[place.name] = true
	}
	return false
}
