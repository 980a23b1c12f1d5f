// Package patch writes the JSON patch (RFC 6902) between a decoded MPIJob and the same job after the
// policies have changed it.
//
// It compares Go values and patches only what differs, at the deepest level, so that fields which the Go
// types do not know stay unchanged. It supports the changes that a policy may make: members are added,
// replaced and removed, and list elements are appended, changed and removed. An element with a name may also stay
// behind one that was inserted.
package patch

import (
	"bytes"
	"fmt"
	"reflect"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
)

const (
	opAdd     = "add"     // also replaces a member, but inserts into a list
	opReplace = "replace" // an element of a list
	opRemove  = "remove"
	opMove    = "move"
)

// An Operation is one operation of a JSON patch. Its value is a Go value, a part of the changed job, so
// that a patch is marshalled only once.
type Operation struct {
	Op    string `json:"op"`
	From  string `json:"from,omitempty"` // of a move
	Path  string `json:"path"`
	Value any    `json:"value,omitempty"`
}

// Between returns the operations that turn raw, the JSON from which before was decoded, into after. Their
// order is fixed. If the two are semantically equal, the list is empty. It returns an error if elements without
// names were both removed and changed.
func Between(before, after *v2beta1.MPIJob, raw []byte) ([]Operation, error) {
	w := walk{raw: raw}
	w.fields(reflect.ValueOf(before).Elem(), reflect.ValueOf(after).Elem())
	if w.err != nil {
		return nil, fmt.Errorf("cannot write the patch: %w", w.err)
	}
	return w.operations, nil
}

// A walk descends into two values of the same type in parallel.
type walk struct {
	raw        []byte
	path       []byte // a JSON pointer (RFC 6901)
	operations []Operation
	err        error
}

// push descends by one segment, and pop returns.
func (w *walk) push(segment string) {
	w.path = append(w.path, '/')
	for i := range len(segment) {
		switch c := segment[i]; c {
		case '~':
			w.path = append(w.path, "~0"...)
		case '/':
			w.path = append(w.path, "~1"...)
		default:
			w.path = append(w.path, c)
		}
	}
}

func (w *walk) pop() { w.path = w.path[:bytes.LastIndexByte(w.path, '/')] }

func (w *walk) write(op string, value reflect.Value) {
	if value.CanAddr() {
		value = value.Addr() // marshals the same, without a copy
	}
	w.operations = append(w.operations, Operation{Op: op, Path: string(w.path), Value: value.Interface()})
}

func (w *walk) remove() {
	w.operations = append(w.operations, Operation{Op: opRemove, Path: string(w.path)})
}

// move moves an element of the list to the path.
func (w *walk) move(from string) {
	parent := w.path[:bytes.LastIndexByte(w.path, '/')]
	w.operations = append(w.operations, Operation{Op: opMove, From: string(parent) + "/" + from, Path: string(w.path)})
}

// fail keeps the first error.
func (w *walk) fail(problem string) {
	if w.err == nil {
		w.err = fmt.Errorf("%s %s", w.path, problem)
	}
}
