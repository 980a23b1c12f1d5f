// Package manifest writes Kubernetes objects as YAML or JSON, with an escape sequence in place of each character that
// a terminal does not show.
package manifest

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/runai-mpi/runai-mpi/shared/terminal"
)

// YAML writes a value as YAML, with the names of its JSON tags.
func YAML(value any) ([]byte, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return FromJSON(text)
}

// FromJSON writes JSON as YAML, so that each string is read back unchanged.
//
// Package yaml writes most hidden characters as they are, and reads some as the end of a line. All that it surely
// writes as an escape sequence, and in quotes, are the characters above U+FFFF, so one of these marks the place of
// every other: U+10FFFF and 202e become \U0010FFFF202e, and then \u202e.
func FromJSON(text []byte) ([]byte, error) {
	mark, err := unused(string(text))
	if err != nil {
		return nil, err
	}
	marked := jsonEscape.ReplaceAllStringFunc(string(text), func(escape string) string {
		if code, err := strconv.ParseUint(strings.TrimPrefix(escape, `\u`), 16, 16); err == nil && isMarked(rune(code)) {
			return fmt.Sprintf("%c%04x", mark, code)
		}
		return escape
	})
	var hidden strings.Builder
	for _, char := range marked {
		if isMarked(char) {
			fmt.Fprintf(&hidden, "%c%04x", mark, char)
		} else {
			hidden.WriteRune(char)
		}
	}
	document, err := yaml.JSONToYAML([]byte(hidden.String()))
	if err != nil {
		return nil, err
	}
	return []byte(strings.ReplaceAll(string(document), escapeOf(mark), `\u`)), nil
}

// jsonEscape matches an escape sequence in JSON, also that of a backslash.
var jsonEscape = regexp.MustCompile(`\\(?:u[0-9a-fA-F]{4}|.)`)

// isMarked reports whether a character is hidden, and package yaml does not write it as an escape sequence. It does
// write those below the space, and those above U+FFFF, so.
func isMarked(char rune) bool {
	isSurrogate := char >= 0xd800 && char <= 0xdfff
	return char >= 0x7f && char <= 0xffff && !isSurrogate && terminal.IsHidden(char)
}

// unused returns a character above U+FFFF that neither occurs in a text nor is written there as an escape sequence.
func unused(text string) (rune, error) {
	for mark := rune(0x10ffff); mark > 0xffff; mark-- {
		if !strings.ContainsRune(text, mark) && !strings.Contains(text, escapeOf(mark)[1:]) {
			return mark, nil
		}
	}
	return 0, errors.New("the text uses every character of Unicode")
}

// escapeOf returns how package yaml writes a character above U+FFFF.
func escapeOf(char rune) string { return fmt.Sprintf(`\U%08X`, char) }
