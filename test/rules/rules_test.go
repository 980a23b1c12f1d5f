package rules

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/runai-mpi/runai-mpi/test/docgen"
	"github.com/runai-mpi/runai-mpi/test/golden"
	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
)

var body = docgen.Text(`
^make prove^ removes each of these lines from a copy of the repository, one at a time, and fails if the test in the same row
still passes. Tests are named by the number of the attempt. Four attempts have no line here:

- T11, writing a spec together with a status: the API server keeps them apart (^test/forgery^ ^TestT11Status^).
- T18, impersonating attributes: the API server asks for a permission for each (^test/forgery^ ^TestT18ImpersonatesAttributes^).
- T22, editing one's own attributes in Keycloak: the [documented realm](../identity/keycloak.md) lets only administrators
  edit them, and synchronizes them at each login (^test/logins^ ^TestKeycloak^). Keycloak itself is not tested.
- T25, calling the webhook without the API server: the webhook keeps no state that a call could change
  (^test/forgery^ ^TestT25NoState^).

`)

// Every rule has a test that exists, and the documentation lists it.
func TestRulesHaveTests(t *testing.T) {
	root, err := binaries.RepositoryRoot()
	if err != nil {
		t.Fatal(err)
	}
	rules, err := Find(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(rules) < 85 {
		t.Errorf("only %d rules are marked", len(rules))
	}
	for _, rule := range rules {
		function, _, _ := strings.Cut(rule.Test, "/")
		if !hasTest(t, filepath.Join(root, rule.Package), function) {
			t.Errorf("%s:%d: package %s has no test %s", rule.File, rule.Line, rule.Package, function)
		}
		text, err := os.ReadFile(filepath.Join(root, rule.File))
		if err != nil {
			t.Fatal(err)
		}
		if rule.TakeOut(string(text)) == string(text) {
			t.Errorf("%s:%d: removing the rule changes nothing", rule.File, rule.Line)
		}
	}
	head := docgen.Head("The rules of identity, and their tests",
		"Find the line of code that stops each attempt to run as somebody else, and the test that fails without it.",
		"the marks in the code")
	golden.Compare(t, filepath.Join(root, "docs", "reference", "identity-tests.md"), head+body+Table(rules))
}

func TestTakeOut(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"a line", "\t// rule T01 in p TestA: x\n\tf(),\n\tg(),", "\t// rule T01 in p TestA: x\n\t\n\tg(),"},
		{"a condition", "// rule T01 in p TestA: x\nif a || b {\n", "// rule T01 in p TestA: x\nif false && (a || b) {\n"},
		{
			"a condition after a statement",
			"// rule T01 in p TestA: x\nif a := f(); len(a) > 0 {\n", "// rule T01 in p TestA: x\nif a := f(); false && (len(a) > 0) {\n",
		},
		{"a case", "// rule T01 in p TestA: x\ncase a:\n", "// rule T01 in p TestA: x\ncase false && (a):\n"},
		{"another line", "  # rule T01 in p TestA: x\n  # without: - b\n  - a\n", "  # rule T01 in p TestA: x\n  # without: - b\n  - b\n"},
		{
			"in a template",
			"{{- /* rule T01 in p TestA: x */}}\n{{- /* without: b: c */}}\na: b\n",
			"{{- /* rule T01 in p TestA: x */}}\n{{- /* without: b: c */}}\nb: c\n",
		},
	} {
		rules, err := read("file", test.text)
		if err != nil || len(rules) != 1 {
			t.Fatalf("%s: got %v, %v", test.name, rules, err)
		}
		if got := rules[0].TakeOut(test.text); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
	two, err := read("file", "// rule T01 in p TestA: x\n// rule T02 in q TestB: y\nf()\n")
	if err != nil || len(two) != 2 || two[0].Line != 3 || two[1].Line != 3 {
		t.Errorf("two marks: got %v, %v", two, err)
	}
}

func hasTest(t *testing.T, dir, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	definition := regexp.MustCompile(`(?m)^func ` + name + `\(`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if definition.Match(text) {
			return true
		}
	}
	return false
}
