package terminal

import (
	"fmt"
	"io"
	"strings"
)

// A Colour is that of a word on a terminal.
type Colour string

// The colours in which programs show what is well, what to look at, and what is wrong.
const (
	Plain  Colour = ""
	Green  Colour = "\x1b[32m"
	Yellow Colour = "\x1b[33m"
	Red    Colour = "\x1b[31m"

	end = "\x1b[0m"
)

// A Part is a text in a colour.
type Part struct {
	Text   string
	Colour Colour
}

// Print prints parts, in colours if the writer is from [NewColourWriter]. The texts are escaped as by any writer of this
// package: what others wrote cannot change a colour.
func Print(out io.Writer, parts ...Part) error {
	safe, isOurs := out.(writer)
	var text strings.Builder
	for _, part := range parts {
		switch {
		case !isOurs:
			text.WriteString(part.Text)
		case part.Colour == Plain || !safe.colours:
			text.WriteString(Escape(part.Text))
		default:
			text.WriteString(string(part.Colour) + Escape(part.Text) + end)
		}
	}
	if isOurs {
		out = safe.out
	}
	_, err := fmt.Fprint(out, text.String())
	return err
}
