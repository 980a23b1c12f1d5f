package patch

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// lookup finds the value at a path in JSON that is known to be valid, nil where there is none. It reads
// on from the beginning and builds nothing: what is asked for is rare, and near.
func lookup(raw []byte, path pointer) []byte {
	value := trim(raw)
	for _, segment := range path {
		if value = child(value, segment); value == nil {
			return nil
		}
	}
	return value
}

func isObject(value []byte) bool { return len(value) > 0 && value[0] == '{' }

// child is the member or the element of that name.
func child(value []byte, name string) []byte {
	if len(value) == 0 || value[0] != '{' && value[0] != '[' {
		return nil
	}
	for i, rest := 0, trim(value[1:]); len(rest) > 0 && rest[0] != '}' && rest[0] != ']'; i++ {
		found := strconv.Itoa(i) == name
		if value[0] == '{' {
			key := rest[:end(rest)]
			found = isKey(key, name)
			rest = trim(trim(rest[len(key):])[1:]) // behind the colon
		}
		if found {
			return rest
		}
		if rest = trim(rest[end(rest):]); len(rest) > 0 && rest[0] == ',' {
			rest = trim(rest[1:])
		}
	}
	return nil
}

func isKey(quoted []byte, name string) bool {
	if !bytes.ContainsRune(quoted, '\\') {
		return string(quoted[1:len(quoted)-1]) == name
	}
	var key string
	return json.Unmarshal(quoted, &key) == nil && key == name
}

// end is the length of the value at the beginning.
func end(text []byte) int {
	switch text[0] {
	case '"':
		return endOfString(text)
	case '{', '[':
		return endOfNested(text)
	}
	if n := bytes.IndexAny(text, ",]} \t\r\n"); n >= 0 {
		return n
	}
	return len(text)
}

func endOfString(text []byte) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

func endOfNested(text []byte) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			i += endOfString(text[i:]) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(text)
}

func trim(text []byte) []byte { return bytes.TrimLeft(text, " \t\r\n") }
