// Package patch writes the JSON patch (RFC 6902) between an MPIJob as it was decoded and the same job
// after the policies changed it.
//
// It compares Go values and names only what differs, at the deepest level, so that fields which the Go
// types do not know stay as they were. It understands the changes that a policy may make: members
// added, replaced and removed, list elements appended, list elements removed.
package patch

import (
	"fmt"
	"reflect"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
)

// An Operation is one of a JSON patch: add, which also replaces, or remove. The value is the Go value
// as it is, so that a patch is marshalled once.
type Operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value,omitempty"`
}

// Between returns the operations that turn raw, of which before was decoded, into after, in a fixed
// order. It is an error if a list was reordered, or had elements both removed and changed.
func Between(before, after *v2beta1.MPIJob, raw []byte) ([]Operation, error) {
	w := walk{raw: raw}
	w.fields(reflect.ValueOf(before).Elem(), reflect.ValueOf(after).Elem())
	if w.err != nil {
		return nil, fmt.Errorf("cannot write the patch: %w", w.err)
	}
	return w.operations, nil
}

// A walk descends into two values of one type at once.
type walk struct {
	raw        []byte
	path       pointer
	operations []Operation
	err        error
}

func (w *walk) add(value reflect.Value) {
	if value.Kind() == reflect.Struct && value.CanAddr() {
		value = value.Addr() // a pointer marshals the same, and is no copy
	}
	w.operations = append(w.operations, Operation{Op: "add", Path: w.path.String(), Value: value.Interface()})
}

// appendElement adds to the list at the path.
func (w *walk) appendElement(value reflect.Value) {
	defer w.path.push("-").pop()
	w.add(value)
}

func (w *walk) remove() {
	w.operations = append(w.operations, Operation{Op: "remove", Path: w.path.String()})
}
