package table

import (
	"strings"
	"testing"

	"github.com/runai-mpi/runai-mpi/shared/terminal"
)

func TestGrowing(t *testing.T) {
	var out strings.Builder
	growing := NewGrowing(&out, func(string, int) terminal.Colour { return terminal.Red })
	for _, rows := range [][][]string{
		{{"NAME", "STATUS", "NODE"}, {"a", "", "n1"}},
		nil,
		{{"b", "Running", "n1"}},
		{{"a", "Init:0/1\x1b", "a long name"}, {"grüße", "x", ""}},
		{{"b", "x", "n1"}},
	} {
		if err := growing.Write(rows); err != nil {
			t.Fatal(err)
		}
	}
	want := `NAME  STATUS  NODE
a     -       n1
b     Running  n1
a      Init:0/1\x1b  a long name
grüße  x
b      x             n1
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

// Colours do not change the columns of rows that follow either.
func TestGrowingColours(t *testing.T) {
	var out strings.Builder
	growing := NewGrowing(terminal.NewColourWriter(&out), func(cell string, column int) terminal.Colour {
		if column == 1 && cell == "Failed" {
			return terminal.Red
		}
		return terminal.Plain
	})
	for _, rows := range [][][]string{{{"NAME", "STATUS", "NODE"}, {"Failed", "Running", "n1"}}, {{"b", "Failed", "n1"}}} {
		if err := growing.Write(rows); err != nil {
			t.Fatal(err)
		}
	}
	want := "NAME    STATUS   NODE\nFailed  Running  n1\nb       \x1b[31mFailed\x1b[0m   n1\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
