package operatortests

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func ran(passed bool, start, end time.Duration) Run {
	return Run{Result{Passed: passed}, Times{Start: start * time.Second, End: end * time.Second}}
}

func TestTable(t *testing.T) {
	pairs := []Pair{
		{"b", ran(true, 1, 5), ran(true, 2, 9)},
		{"a", ran(true, 0, 0), ran(true, 0, 0)},
		{"b", ran(true, 3, 7), ran(false, 3, 0)},
		{"b", ran(false, 2, 8), ran(true, 5, 8)},
	}
	want := `| test | passes without | passes with | starts after | later with | ends after | later with |
|---|---|---|---|---|---|---|
| b | 2 of 3 | 2 of 3 | 2.0 s | +1.0 s | 7.0 s | +2.0 s |
| a | 1 of 1 | 1 of 1 | – | – | – | – |
`
	if diff := cmp.Diff(want, Table(pairs)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if median, started := Later(pairs); median != time.Second || started != 3 {
		t.Errorf("later by %s in %d pairs", median, started)
	}
	for i, want := range []bool{false, false, true, false} {
		if pairs[i].Broken() != want {
			t.Errorf("pair %d: got %t", i, !want)
		}
	}
}
