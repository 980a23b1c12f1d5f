package table

import (
	"strings"
	"testing"
)

func TestGrowing(t *testing.T) {
	var out strings.Builder
	growing := NewGrowing(&out)
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
