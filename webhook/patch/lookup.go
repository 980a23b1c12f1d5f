package patch

import (
	"bytes"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// isObject reports whether the JSON has an object at a path, which is a JSON pointer. It reads from the beginning and builds
// nothing, because it is called rarely and for paths near the beginning.
func isObject(raw, path []byte) bool {
	decoder := jsontext.NewDecoder(bytes.NewBuffer(raw), jsontext.AllowDuplicateNames(true))
	for len(path) > 0 {
		var segment []byte
		segment, path = next(path)
		if !descend(decoder, string(segment)) {
			return false
		}
	}
	return decoder.PeekKind() == '{'
}

// next splits off the first segment of a JSON pointer.
func next(path []byte) (segment, rest []byte) {
	segment, rest = path[1:], nil
	if end := bytes.IndexByte(segment, '/'); end >= 0 {
		segment, rest = segment[:end], segment[end:]
	}
	if bytes.IndexByte(segment, '~') >= 0 {
		segment = bytes.ReplaceAll(bytes.ReplaceAll(segment, []byte("~1"), []byte("/")), []byte("~0"), []byte("~"))
	}
	return segment, rest
}

// descend reads up to the value with the given name or index, and reports whether there is one.
func descend(decoder *jsontext.Decoder, segment string) bool {
	var name []byte
	open, err := decoder.ReadToken()
	if open.Kind() != '{' && open.Kind() != '[' {
		return false
	}
	for i := 0; err == nil; i++ {
		switch decoder.PeekKind() {
		case ']', '}', 0:
			return false
		}
		if open.Kind() == '{' {
			quoted, _ := decoder.ReadValue()
			name, _ = jsontext.AppendUnquote(name[:0], quoted)
		} else {
			name = strconv.AppendInt(name[:0], int64(i), 10)
		}
		if string(name) == segment {
			return true
		}
		_, err = decoder.ReadValue() // faster than SkipValue, which reads token by token
	}
	return false
}
