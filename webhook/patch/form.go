package patch

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strconv"
	"sync"
	"unsafe"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// A form compares and writes the values of one type where they are in memory. Reflection on each value, most of which
// are absent, takes ten times as long.
type form struct {
	// same reports whether two values are equal. Values that differ only in how they are written may be the same or not.
	same func(a, b unsafe.Pointer) bool
	// empty reports whether omitempty omits the value.
	empty func(p unsafe.Pointer) bool
	// append appends JSON that means what encoding/json writes.
	append func(text []byte, p unsafe.Pointer) ([]byte, error)
}

// forms caches the form of each type.
var forms sync.Map

func formOf(typ reflect.Type) *form {
	if known, ok := forms.Load(typ); ok {
		return known.(*form)
	}
	made := formsInTheMaking{}.of(typ)
	forms.Store(typ, made)
	return made
}

// formsInTheMaking has the forms of types, which may contain themselves.
type formsInTheMaking map[reflect.Type]*form

func (m formsInTheMaking) of(typ reflect.Type) *form {
	if known, ok := m[typ]; ok {
		return known
	}
	made := new(form)
	m[typ] = made
	*made = m.compile(typ)
	return made
}

func (m formsInTheMaking) compile(typ reflect.Type) form {
	switch kind := typ.Kind(); {
	case kind == reflect.Pointer:
		return pointerTo(m.of(typ.Elem()))
	case writesItself(typ):
		return reflected(typ)
	case kind == reflect.Bool:
		return plain(strconv.AppendBool)
	case kind == reflect.String:
		return plain(appendText)
	case kind == reflect.Int32:
		return plain(func(text []byte, n int32) []byte { return strconv.AppendInt(text, int64(n), 10) })
	case kind == reflect.Int64:
		return plain(func(text []byte, n int64) []byte { return strconv.AppendInt(text, n, 10) })
	case kind == reflect.Slice && typ.Elem().Kind() != reflect.Uint8:
		return listOf(m.of(typ.Elem()), typ.Elem().Size())
	case kind == reflect.Struct:
		return m.structOf(typ)
	case typ == reflect.TypeFor[map[string]string]():
		return mapOf[string, string](m)
	case typ == reflect.TypeFor[corev1.ResourceList]():
		return mapOf[corev1.ResourceName, resource.Quantity](m)
	case typ == reflect.TypeFor[map[v2beta1.MPIReplicaType]*v2beta1.ReplicaSpec]():
		return mapOf[v2beta1.MPIReplicaType, *v2beta1.ReplicaSpec](m)
	}
	return reflected(typ)
}

func writesItself(typ reflect.Type) bool {
	texts := reflect.TypeFor[encoding.TextMarshaler]()
	return isMarshaler(typ) || typ.Implements(texts) || reflect.PointerTo(typ).Implements(texts)
}

// reflected is the form of a type by reflection.
func reflected(typ reflect.Type) form {
	at := func(p unsafe.Pointer) reflect.Value { return reflect.NewAt(typ, p) }
	empty := func(p unsafe.Pointer) bool {
		value := at(p).Elem()
		return value.Kind() != reflect.Struct && isAbsent(value)
	}
	same := comparers[typ]
	if same == nil {
		same = func(a, b unsafe.Pointer) bool { return empty(a) && empty(b) }
	}
	return form{same, empty, func(text []byte, p unsafe.Pointer) ([]byte, error) {
		value, err := json.Marshal(at(p).Interface())
		return append(text, value...), err
	}}
}

// comparers compare the most frequent types that write themselves.
var comparers = map[reflect.Type]func(a, b unsafe.Pointer) bool{
	reflect.TypeFor[resource.Quantity]():  equal[resource.Quantity],
	reflect.TypeFor[metav1.Time]():        equal[metav1.Time],
	reflect.TypeFor[intstr.IntOrString](): equal[intstr.IntOrString],
}

func equal[T comparable](a, b unsafe.Pointer) bool { return *(*T)(a) == *(*T)(b) }

func plain[T comparable](write func([]byte, T) []byte) form {
	return form{
		same:   equal[T],
		empty:  func(p unsafe.Pointer) bool { return *(*T)(p) == *new(T) },
		append: func(text []byte, p unsafe.Pointer) ([]byte, error) { return write(text, *(*T)(p)), nil },
	}
}

func pointerTo(element *form) form {
	at := func(p unsafe.Pointer) unsafe.Pointer { return *(*unsafe.Pointer)(p) }
	return form{
		same: func(a, b unsafe.Pointer) bool {
			x, y := at(a), at(b)
			return x == y || x != nil && y != nil && element.same(x, y)
		},
		empty: func(p unsafe.Pointer) bool { return at(p) == nil },
		append: func(text []byte, p unsafe.Pointer) ([]byte, error) {
			if at(p) == nil {
				return append(text, "null"...), nil
			}
			return element.append(text, at(p))
		},
	}
}
