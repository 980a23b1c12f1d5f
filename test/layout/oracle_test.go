package layout

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

// The oracle uses the Kubernetes version that the tests run, and the k8s.io types of the product. Its replace
// directives would hide that only one of them was upgraded.
func TestOracleUsesTheSameKubernetes(t *testing.T) {
	oracle := parse(t, "../oracle/go.mod")
	own, run := required(oracle, "k8s.io/kubernetes"), required(parse(t, "../servers/kubernetes/go.mod"), "k8s.io/kubernetes")
	if own != run || own == "" {
		t.Errorf("the oracle uses k8s.io/kubernetes %s, the servers use %s", own, run)
	}
	want := required(parse(t, "../../go.mod"), "k8s.io/api")
	for _, replace := range oracle.Replace {
		if strings.HasPrefix(replace.Old.Path, "k8s.io/") && replace.New.Version != want {
			t.Errorf("the oracle uses %s %s, the product uses %s", replace.Old.Path, replace.New.Version, want)
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
