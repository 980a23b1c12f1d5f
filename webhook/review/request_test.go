package review

import (
	"reflect"
	"testing"
)

// A request is made of values: whatever must be looked up is looked up before, where a failure can be
// answered as a failure.
func TestRequestHasOnlyValues(t *testing.T) {
	seen := map[reflect.Type]bool{}
	var walk func(reflect.Type, string)
	walk = func(typ reflect.Type, path string) {
		if seen[typ] {
			return
		}
		seen[typ] = true
		switch typ.Kind() {
		case reflect.Func, reflect.Chan:
			t.Errorf("%s is a %s", path, typ.Kind())
		case reflect.Pointer, reflect.Slice, reflect.Map:
			walk(typ.Elem(), path)
		case reflect.Struct:
			for field := range typ.Fields() {
				walk(field.Type, path+"."+field.Name)
			}
		}
	}
	walk(reflect.TypeFor[Request](), "Request")
	if len(seen) < 10 {
		t.Errorf("only %d types were seen", len(seen))
	}
}
