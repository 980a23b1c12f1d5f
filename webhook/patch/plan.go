package patch

import (
	"encoding/json"
	"reflect"
	"strings"
	"sync"
)

// A plan describes a type to the walk: a struct, a map or a list.
type plan struct {
	leaf    bool // JSON writes it as one value
	members []member
	name    int // the index of the field that identifies elements of a list, or -1
}

// A member is a field of a struct in JSON. A member without a name is a struct whose members are in the
// same object.
type member struct {
	name      string
	index     int
	form      *form
	offset    uintptr
	removable bool // if it is empty; a required number or string stays
}

// plans caches the plan of each type.
var plans sync.Map

func planOf(typ reflect.Type) *plan {
	if known, ok := plans.Load(typ); ok {
		return known.(*plan)
	}
	p := &plan{leaf: isMarshaler(typ), name: -1}
	switch {
	case typ.Kind() == reflect.Slice:
		p.leaf = p.leaf || typ.Elem().Kind() == reflect.Uint8
	case typ.Kind() == reflect.Struct && !p.leaf:
		p.addMembers(typ)
	}
	plans.Store(typ, p)
	return p
}

func (p *plan) addMembers(typ reflect.Type) {
	for i := range typ.NumField() {
		field := typ.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "" && !field.Anonymous {
			name = field.Name
		}
		if name == "-" || !field.IsExported() {
			continue
		}
		removable := strings.Contains(options, "omit") || !isLeaf(field.Type)
		if field.Type.Kind() == reflect.Struct && !isLeaf(field.Type) {
			removable = false // it may have fields that its type does not know
		}
		p.members = append(p.members, member{name, i, formOf(field.Type), field.Offset, removable})
		if name == "name" && options == "" {
			p.name = i
		}
	}
}

func isMarshaler(typ reflect.Type) bool {
	marshaler := reflect.TypeFor[json.Marshaler]()
	return typ.Implements(marshaler) || reflect.PointerTo(typ).Implements(marshaler)
}

// isLeaf reports whether values of a type are replaced as a whole.
func isLeaf(typ reflect.Type) bool {
	switch typ.Kind() {
	case reflect.Pointer:
		return false
	case reflect.Slice, reflect.Map, reflect.Struct:
		return planOf(typ).leaf
	}
	return true
}
