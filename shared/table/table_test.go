package table

import (
	"io"
	"strings"
	"testing"

	"github.com/runai-mpi/runai-mpi/shared/terminal"
)

// Columns are as wide as what is printed, also if a cell has characters that a terminal would obey.
func TestWrite(t *testing.T) {
	var out strings.Builder
	err := Write(&out, [][]string{
		{"NAME", "IMAGE", "NODE"},
		{"a\x1b[2J", "", "n1"},
		{"b", "two\n words\t\u2028\xff", ""},
		{"\u202ec", "\u00a0x", "n2"},
	})
	want := `NAME      IMAGE           NODE
a\x1b[2J  -               n1
b         two words \xff
\u202ec   x               n2
`
	if err != nil || out.String() != want {
		t.Errorf("%v, got\n%swant\n%s", err, out.String(), want)
	}
}

// Colours do not change the columns, and no cell can have a colour of its own.
func TestColours(t *testing.T) {
	rows := [][]string{{"NAME", "STATUS", "AGE"}, {"a", "Running", "1m"}, {"b\x1b[31m", "Error", ""}, {"", "Pending", "2m"}}
	colours := map[string]terminal.Colour{"Running": terminal.Green, "Error": terminal.Red, "b\x1b[31m": terminal.Yellow}
	colourOf := func(row, column int) terminal.Colour { return colours[rows[row][column]] }
	var plain, coloured, piped strings.Builder
	for out, writer := range map[*strings.Builder]io.Writer{&coloured: terminal.NewColourWriter(&coloured), &piped: terminal.NewWriter(&piped)} {
		if err := WriteColoured(writer, rows, colourOf); err != nil {
			t.Fatal(err, out)
		}
	}
	if err := Write(&plain, rows); err != nil {
		t.Fatal(err)
	}
	want := "NAME       STATUS   AGE\na          \x1b[32mRunning\x1b[0m  1m\n\x1b[33mb\\x1b[31m\x1b[0m  \x1b[31mError\x1b[0m\n-          Pending  2m\n"
	if coloured.String() != want {
		t.Errorf("got  %q\nwant %q", coloured.String(), want)
	}
	without := strings.NewReplacer("\x1b[32m", "", "\x1b[33m", "", "\x1b[31m", "", "\x1b[0m", "").Replace(coloured.String())
	if without != plain.String() || piped.String() != plain.String() {
		t.Errorf("got %q and %q, want %q", without, piped.String(), plain.String())
	}
}
