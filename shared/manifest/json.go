package manifest

import (
	"fmt"
	"strings"
	"unicode/utf16"

	"github.com/runai-mpi/runai-mpi/shared/terminal"
)

// EscapeJSON writes the hidden characters of JSON as escape sequences, so that each string is read back unchanged.
func EscapeJSON(text []byte) []byte {
	var escaped strings.Builder
	for _, char := range string(text) {
		switch {
		case char == '\n' || !terminal.IsHidden(char):
			escaped.WriteRune(char)
		case char > 0xffff:
			first, second := utf16.EncodeRune(char)
			fmt.Fprintf(&escaped, `\u%04x\u%04x`, first, second)
		default:
			fmt.Fprintf(&escaped, `\u%04x`, char)
		}
	}
	return []byte(escaped.String())
}
