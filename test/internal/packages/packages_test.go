package packages

import (
	"slices"
	"testing"
)

// On a machine without programs, all packages are missing, and each is listed once.
func TestMissing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	missing := MissingForNode()
	if once := slices.Compact(slices.Sorted(slices.Values(missing))); !slices.Contains(missing, "runc") || len(once) != len(missing) {
		t.Errorf("a node needs %v", missing)
	}
	if missing := MissingForShells(); !slices.Equal(missing, []string{"zsh", "fish"}) {
		t.Errorf("the shells need %v", missing)
	}
	if missing := MissingForRace(); !slices.Equal(missing, []string{"gcc", "libc6-dev"}) {
		t.Errorf("the race detector needs %v", missing)
	}
}

func TestCompilerIsFound(t *testing.T) {
	t.Setenv("CC", "true") // succeeds with any arguments
	if missing := MissingForRace(); len(missing) > 0 {
		t.Errorf("missing: %v", missing)
	}
}
