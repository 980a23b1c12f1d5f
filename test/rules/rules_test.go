package rules

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/runai-mpi/runai-mpi/test/golden"
	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
)

const head = `<!-- Written by "make generate" from test/rules. -->
# The rules of identity, and their tests

"make prove" takes each of these lines out of a copy of the repository, and fails where the test beside
it does not. Some attempts have no line here, because somebody else's rule refuses them:

- T11, to write a spec along with a status: the API server keeps them apart (` + "`test/forgery` `TestT11Status`" + `).
- T18, to impersonate attributes: the API server asks for a permission for each (` + "`test/forgery` `TestT18ImpersonatesAttributes`" + `).
- T22 is about how Keycloak is configured, and no test: declare the attributes as managed, editable by ` +
	`administrators only, and synchronize them at each login.
- T25, to ask the webhook without the API server: it keeps nothing that an answer could change (` + "`test/forgery` `TestT25NoState`" + `).

`

// Each rule stands in the code as the list says, its test exists, and the documentation has both.
func TestRulesAreThere(t *testing.T) {
	root, err := binaries.RepositoryRoot()
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range All {
		if n := strings.Count(read(t, filepath.Join(root, rule.File)), rule.Line); n != 1 {
			t.Errorf("%s has %q %d times, not once", rule.File, rule.Line, n)
		}
		function, _, _ := strings.Cut(rule.Test, "/")
		if !hasTest(t, filepath.Join(root, rule.Package), function) {
			t.Errorf("%s has no %s", rule.Package, function)
		}
	}
	golden.Compare(t, filepath.Join(root, "docs", "identity-tests.md"), head+Table())
}

func hasTest(t *testing.T, dir, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	definition := regexp.MustCompile(`(?m)^func ` + name + `\(`)
	for _, file := range files {
		if definition.MatchString(read(t, file)) {
			return true
		}
	}
	return false
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
