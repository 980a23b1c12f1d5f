package layout

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

// The oracle is the Kubernetes that the tests run, and sees the types that the product sees: replacements
// would hide that one of the two went on alone.
func TestOracleIsOfTheSameKubernetes(t *testing.T) {
	oracle := parse(t, "../oracle/go.mod")
	own, run := required(oracle, "k8s.io/kubernetes"), required(parse(t, "../servers/kubernetes/go.mod"), "k8s.io/kubernetes")
	if own != run || own == "" {
		t.Errorf("the oracle is of k8s.io/kubernetes %s, the servers are of %s", own, run)
	}
	want := required(parse(t, "../../go.mod"), "k8s.io/api")
	for _, replace := range oracle.Replace {
		if strings.HasPrefix(replace.Old.Path, "k8s.io/") && replace.New.Version != want {
			t.Errorf("the oracle has %s %s, the product has %s", replace.Old.Path, replace.New.Version, want)
		}
	}
}

func parse(t *testing.T, path string) *modfile.File {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := modfile.Parse(path, data, nil)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func required(file *modfile.File, module string) string {
	for _, require := range file.Require {
		if require.Mod.Path == module {
			return require.Mod.Version
		}
	}
	return ""
}
