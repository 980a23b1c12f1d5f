package patch

import (
	"reflect"
	"strings"
	"sync"
)

// A member is a field of a struct as JSON sees it; one without a name is a struct whose members stand
// in the same object.
type member struct {
	name  string
	index int
}

// members of each struct type, found out once: the types are known when the program is built.
var members sync.Map

func membersOf(typ reflect.Type) []member {
	if known, ok := members.Load(typ); ok {
		return known.([]member)
	}
	var found []member
	for i := range typ.NumField() {
		field := typ.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "" && !field.Anonymous {
			name = field.Name
		}
		if name != "-" && field.IsExported() {
			found = append(found, member{name, i})
		}
	}
	members.Store(typ, found)
	return found
}
