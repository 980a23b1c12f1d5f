package terminal

import "io"

type writer struct {
	out     io.Writer
	colours bool
}

// NewWriter returns a writer that escapes what it writes to another one, see [Escape]. Each call of Write must
// have whole characters.
func NewWriter(out io.Writer) io.Writer { return writer{out: out} }

// NewColourWriter returns such a writer to a terminal that shows colours, see [Print].
func NewColourWriter(out io.Writer) io.Writer { return writer{out: out, colours: true} }

// Write returns the length of the text that it was given, not of what it wrote in its place.
func (w writer) Write(text []byte) (int, error) {
	if _, err := io.WriteString(w.out, Escape(string(text))); err != nil {
		return 0, err
	}
	return len(text), nil
}
