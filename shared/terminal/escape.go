// Package terminal prints text that others wrote, for example an image's name or the message of an event. A
// terminal obeys some characters in it instead of showing them.
package terminal

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Escape replaces every character that a terminal does not show, except for line ends, by its escape sequence
// in the syntax of Go: \x1b, \u202e.
func Escape(text string) string {
	if utf8.ValidString(text) && !strings.ContainsFunc(text, mustEscape) {
		return text
	}
	var escaped strings.Builder
	for i := 0; i < len(text); {
		char, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case char == utf8.RuneError && size == 1:
			fmt.Fprintf(&escaped, `\x%02x`, text[i])
		// rule T39 in test/integration TestT39HostileText: an image, a stamp or a message that rewrites a colleague's terminal
		case mustEscape(char):
			escaped.WriteString(sequence(char))
		default:
			escaped.WriteRune(char)
		}
		i += size
	}
	return escaped.String()
}

// Line is [Escape] for text that must stay on one line.
func Line(text string) string {
	return strings.ReplaceAll(Escape(text), "\n", `\n`)
}

func sequence(char rune) string {
	switch {
	case char == '\t':
		return `\t`
	case char == '\r':
		return `\r`
	case char < utf8.RuneSelf:
		return fmt.Sprintf(`\x%02x`, char)
	case char <= 0xffff:
		return fmt.Sprintf(`\u%04x`, char)
	}
	return fmt.Sprintf(`\U%08x`, char)
}

func mustEscape(char rune) bool { return char != '\n' && IsHidden(char) }

// IsHidden reports whether a terminal does not show a character, but obeys or ignores it: it is a control or
// format character, a separator of lines, not assigned, or a letter or mark that takes no space.
func IsHidden(char rune) bool {
	return !unicode.IsGraphic(char) || unicode.In(char, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}
