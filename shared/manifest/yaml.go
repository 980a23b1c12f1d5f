// Package manifest writes Kubernetes objects as YAML.
package manifest

import (
	"encoding/json"
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"
)

// YAML writes a value as YAML, with the names of its JSON tags.
func YAML(value any) ([]byte, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return FromJSON(text)
}

// FromJSON writes JSON as YAML. It escapes the characters that are valid in JSON strings but not in
// YAML, so that each string is read back unchanged.
func FromJSON(text []byte) ([]byte, error) {
	var escaped strings.Builder
	for _, char := range string(text) {
		if needsEscape(char) {
			fmt.Fprintf(&escaped, `\u%04x`, char)
		} else {
			escaped.WriteRune(char)
		}
	}
	return yaml.JSONToYAML([]byte(escaped.String()))
}

// needsEscape reports whether YAML 1.1 forbids a character or reads it as the end of a line. JSON itself
// escapes everything below a space.
func needsEscape(char rune) bool {
	switch {
	case char >= 0x7f && char <= 0x9f: // delete, and the C1 control characters
		return true
	case char == '\u2028', char == '\u2029': // line and paragraph separator
		return true
	case char == '\ufeff', char == '\ufffe', char == '\uffff': // the byte order mark, and noncharacters
		return true
	}
	return false
}
