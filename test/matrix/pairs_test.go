package matrix

import (
	"fmt"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation"
)

// The cells that run every day cover every pair of two dimensions, and no two cells share a name.
func TestDailyCellsHaveEveryPair(t *testing.T) {
	missing := map[string]bool{}
	for _, m := range implementations {
		for _, u := range users {
			missing[fmt.Sprint(m, " × ", u)] = true
			for _, k := range kinds {
				missing[fmt.Sprint(u, " × ", k)] = true
				missing[fmt.Sprint(m, " × ", k)] = true
			}
		}
	}
	names, daily := map[string]bool{}, 0
	for _, c := range everyCell() {
		if errs := validation.IsDNS1123Label(c.name); names[c.name] || len(errs) > 0 {
			t.Errorf("%q is not a name of its own: %v", c.name, errs)
		}
		names[c.name] = true
		if c.daily {
			daily++
			delete(missing, fmt.Sprint(c.mpi, " × ", c.as))
			delete(missing, fmt.Sprint(c.as, " × ", c.image))
			delete(missing, fmt.Sprint(c.mpi, " × ", c.image))
		}
	}
	for pair := range missing {
		t.Errorf("no cell that is run every day has %s", pair)
	}
	t.Logf("%d of %d cells are run every day", daily, len(names))
}
