package golden

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

// A Case is one txtar file (https://pkg.go.dev/golang.org/x/tools/txtar): a comment that says why the
// case exists, the files that a test reads, and those that it must produce.
type Case struct {
	// Name is the file's name without .txtar.
	Name    string
	path    string
	archive *txtar.Archive
}

// Cases reads the *.txtar files in dir, in name order. It fails the test if there are none, or
// if one has no comment.
func Cases(t testing.TB, dir string) []*Case {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases in %s: %v", dir, err)
	}
	cases := make([]*Case, 0, len(paths))
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if len(strings.TrimSpace(string(archive.Comment))) == 0 {
			t.Errorf("%s: has no comment on top that says why the case exists", path)
		}
		cases = append(cases, &Case{Name: strings.TrimSuffix(filepath.Base(path), ".txtar"), path: path, archive: archive})
	}
	return cases
}

// Comment returns the text above the first file.
func (c *Case) Comment() string { return string(c.archive.Comment) }

// File returns the text of a file in the case, and whether the case has it.
func (c *Case) File(name string) (text string, present bool) {
	if i := c.index(name); i >= 0 {
		return string(c.archive.Files[i].Data), true
	}
	return "", false
}

// Compare fails the test unless the file called name has the text got. A missing file counts as empty. With
// -update, Compare writes the file first. Texts end with a newline.
func (c *Case) Compare(t testing.TB, name, got string) {
	t.Helper()
	if *update {
		c.set(name, got)
		if err := os.WriteFile(c.path, txtar.Format(c.archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, _ := c.File(name)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: %s (-want +got; run \"make goldens\" to update it):\n%s", c.path, name, diff)
	}
}

func (c *Case) index(name string) int {
	return slices.IndexFunc(c.archive.Files, func(f txtar.File) bool { return f.Name == name })
}

func (c *Case) set(name, text string) {
	i := c.index(name)
	switch {
	case text == "" && i >= 0:
		c.archive.Files = slices.Delete(c.archive.Files, i, i+1)
	case text == "":
	case i >= 0:
		c.archive.Files[i].Data = []byte(text)
	default:
		c.archive.Files = append(c.archive.Files, txtar.File{Name: name, Data: []byte(text)})
	}
}
