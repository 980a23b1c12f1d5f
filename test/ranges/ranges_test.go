package ranges

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/runai-mpi/runai-mpi/test/golden"
	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
)

func TestContains(t *testing.T) {
	r := Range{Name: "calls", Low: 1, High: 2}
	for figure, want := range map[float64]string{
		0.9: "calls is 0.9, below 1: it became better, so tighten its range in test/bench/ranges.yaml",
		1:   "", 1.5: "", 2: "",
		2.1: "calls is 2.1, want at most 2: it became worse",
	} {
		got := ""
		if err := r.contains(figure); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%v: got %q, want %q", figure, got, want)
		}
	}
}

// The specification is complete, and each of its ranges is checked by a test.
func TestSpecification(t *testing.T) {
	all, err := read()
	if err != nil {
		t.Fatal(err)
	}
	checked := checkedIn(t)
	seen := map[string]bool{}
	for _, r := range all {
		if r.Name == "" || r.Group == "" || r.What == "" || r.How == "" || seen[r.Name] {
			t.Errorf("%+v is not complete, or is there twice", r)
		}
		if r.Low > r.High || r.Low < 0 {
			t.Errorf("%s: low %v must be below high %v", r.Name, r.Low, r.High)
		}
		if !checked[r.Name] {
			t.Errorf("no test checks %s", r.Name)
		}
		seen[r.Name] = true
	}
}

// checkedIn returns the names of the ranges that tests check.
func checkedIn(t *testing.T) map[string]bool {
	t.Helper()
	check := regexp.MustCompile(`ranges\.Check\(t, "([^"]+)"`)
	checked := map[string]bool{}
	err := filepath.WalkDir(root(t), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, found := range check.FindAllStringSubmatch(string(text), -1) {
			checked[found[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return checked
}

// The page shows what was recorded last.
func TestPage(t *testing.T) {
	all, err := read()
	if err != nil {
		t.Fatal(err)
	}
	var figures map[string]float64
	var latency Latency
	for file, into := range map[string]any{recordedFigures: &figures, recordedLatency: &latency} {
		if err := load(file, into); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range all {
		if figure, recorded := figures[r.Name]; !recorded || r.contains(figure) != nil {
			t.Errorf("the recorded %s is %v, which is not in its range: run make bench", r.Name, figure)
		}
	}
	path := filepath.Join(root(t), "docs", "speed.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	for name, table := range map[string]string{
		"latency": latencyTable(latency), "parts": partsTable(latency), "figures": figuresTable(all, figures),
	} {
		if page, err = replaced(page, name, table); err != nil {
			t.Fatal(err)
		}
	}
	golden.Compare(t, path, page)
}

func root(t *testing.T) string {
	t.Helper()
	root, err := binaries.RepositoryRoot()
	if err != nil {
		t.Fatal(err)
	}
	return root
}
