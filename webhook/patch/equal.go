package patch

import (
	"reflect"
	"unsafe"

	"k8s.io/apimachinery/pkg/api/equality"
)

// Equal reports whether two parts of jobs mean the same. What is empty equals what is missing, and quantities are
// compared by their amount. Parts that are written the same, as in almost every question, are found by their form.
func Equal[T any](a, b *T) bool {
	return formOf(reflect.TypeFor[T]()).same(unsafe.Pointer(a), unsafe.Pointer(b)) || equality.Semantic.DeepEqual(*a, *b)
}
