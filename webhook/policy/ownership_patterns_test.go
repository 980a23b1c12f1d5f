package policy

import (
	"path"
	"slices"
	"testing"

	"github.com/runai-mpi/runai-mpi/shared/kai"
)

// A pattern that is not tried for a key would not match it.
func TestPatternsThatAreNotTried(t *testing.T) {
	patterns := slices.Concat(loosening, tuning, kai.Annotations(), []string{"", "*", "?b", "[a-c]x", `\*a`, `\a`, "a*", "b", "é*", "["})
	keys := []string{"", "*", "*a", "a", "ax", "bx", "cx", "dx", "ab", "b", "é", "éa", `\a`, "[", "gpu-fraction", "gpu-memory-x", "x.crio.io/a", "run.oci.x/y"}
	skipped := 0
	for _, pattern := range patterns {
		for _, key := range keys {
			matched, err := path.Match(pattern, key)
			if want := err == nil && matched; matchesAny([]string{pattern}, key) != want {
				t.Errorf("%q matches %q: want %t", pattern, key, want)
			}
			if beginsOtherwise(pattern, key) {
				skipped++
			}
		}
	}
	if skipped < 100 {
		t.Errorf("only %d were not tried", skipped)
	}
}
