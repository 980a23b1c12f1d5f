package table

import (
	"strings"
	"testing"
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
