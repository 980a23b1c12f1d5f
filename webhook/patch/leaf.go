package patch

import (
	"encoding/json"
	"reflect"
	"sync"

	"k8s.io/apimachinery/pkg/api/equality"
)

var marshaler = reflect.TypeFor[json.Marshaler]()

// leaves remembers which types JSON writes as one value.
var leaves sync.Map

func isLeaf(typ reflect.Type) bool {
	switch typ.Kind() {
	case reflect.Pointer:
		return false
	case reflect.Slice, reflect.Map, reflect.Struct:
	default:
		return true
	}
	if known, ok := leaves.Load(typ); ok {
		return known.(bool)
	}
	leaf := typ.Implements(marshaler) || reflect.PointerTo(typ).Implements(marshaler) ||
		typ.Kind() == reflect.Slice && typ.Elem().Kind() == reflect.Uint8
	leaves.Store(typ, leaf)
	return leaf
}

// sameLeaf compares quantities by their amount and times by their moment.
func sameLeaf(before, after reflect.Value) bool {
	switch before.Kind() {
	case reflect.Slice, reflect.Map, reflect.Struct:
		return equality.Semantic.DeepEqual(before.Interface(), after.Interface())
	}
	return before.Equal(after)
}
