package golden

import (
	"os"
	"path/filepath"
	"testing"
)

const example = "Why it exists.\n-- job.yaml --\na: 1\n-- stderr --\nold\n"

func exampleCase(t *testing.T) (dir string, c *Case) {
	t.Helper()
	dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "example.txtar"), []byte(example), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir, Cases(t, dir)[0]
}

func TestCase(t *testing.T) {
	_, c := exampleCase(t)
	if text, present := c.File("job.yaml"); c.Name != "example" || c.Comment() != "Why it exists.\n" || !present || text != "a: 1\n" {
		t.Errorf("read %q, %q, %q", c.Name, c.Comment(), text)
	}
	c.Compare(t, "stderr", "old\n")
	c.Compare(t, "stdout", "")
}

func TestCaseUpdate(t *testing.T) {
	dir, c := exampleCase(t)
	*update = true
	t.Cleanup(func() { *update = false })
	c.Compare(t, "stderr", "")
	c.Compare(t, "stdout", "new\n")
	data, err := os.ReadFile(filepath.Join(dir, "example.txtar"))
	if want := "Why it exists.\n-- job.yaml --\na: 1\n-- stdout --\nnew\n"; err != nil || string(data) != want {
		t.Errorf("got %q, %v, want %q", data, err, want)
	}
}
