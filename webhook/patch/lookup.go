package patch

import (
	"bytes"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// isObject reports whether the JSON has an object at a path. It reads from the beginning and builds
// nothing, because it is called rarely and for paths near the beginning.
func isObject(raw []byte, path []string) bool {
	decoder := jsontext.NewDecoder(bytes.NewBuffer(raw), jsontext.AllowDuplicateNames(true))
	for _, segment := range path {
		if !descend(decoder, segment) {
			return false
		}
	}
	return decoder.PeekKind() == '{'
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
