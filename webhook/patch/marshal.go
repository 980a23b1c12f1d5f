package patch

import (
	"bytes"
	"reflect"
	"sync"
)

// buffers have the memory in which patches are written.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// largestBuffer is the size in bytes above which memory is not used again: large patches are rare.
const largestBuffer = 256 << 10

// Marshal returns a patch as JSON that means what encoding/json writes.
func Marshal(operations []Operation) ([]byte, error) {
	buffer := buffers.Get().(*[]byte)
	text := append((*buffer)[:0], '[')
	var err error
	for i := range operations {
		if text, err = operations[i].append(separated(text)); err != nil {
			return nil, err
		}
	}
	text = append(text, ']')
	if cap(text) <= largestBuffer {
		*buffer = text
		defer buffers.Put(buffer)
	}
	return bytes.Clone(text), nil
}

func (o *Operation) append(text []byte) ([]byte, error) {
	text = appendText(append(text, `{"op":`...), o.Op)
	if o.From != "" {
		text = appendText(append(text, `,"from":`...), o.From)
	}
	text = appendText(append(text, `,"path":`...), o.Path)
	if o.Value == nil {
		return append(text, '}'), nil
	}
	at := reflect.ValueOf(o.Value)
	if at.Kind() != reflect.Pointer || at.IsNil() {
		at = reflect.New(at.Type())
		at.Elem().Set(reflect.ValueOf(o.Value))
	}
	text, err := formOf(at.Type().Elem()).append(append(text, `,"value":`...), at.UnsafePointer())
	return append(text, '}'), err
}
