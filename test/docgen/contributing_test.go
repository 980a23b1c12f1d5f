package docgen_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The example of CONTRIBUTING compiles. A comment above each block of Go says where it goes:
//
//	<!-- new FILE -->                  the block is the file
//	<!-- in FILE after: FRAGMENT -->   below the first line that contains the fragment
//	<!-- in FILE for: FRAGMENT -->     instead of that line
var goBlock = regexp.MustCompile("(?m)^<!-- (new|in) (\\S+)(?: (after|for): (.*?))? -->\n\n?```go\n((?s:.*?))^```$")

func TestContributingCompiles(t *testing.T) {
	page := read(t, "CONTRIBUTING.md")
	blocks := goBlock.FindAllStringSubmatch(page, -1)
	if all := strings.Count(page, "\n```go\n"); len(blocks) != all || all == 0 {
		t.Fatalf("%d of %d blocks of Go say where they go", len(blocks), all)
	}
	texts := map[string]string{}
	for _, block := range blocks {
		kind, file, how, fragment, code := block[1], block[2], block[3], block[4], block[5]
		if kind == "new" {
			texts[file] = code
			continue
		}
		if texts[file] == "" {
			texts[file] = read(t, file)
		}
		texts[file] = insert(t, file, texts[file], how, fragment, code)
	}
	overlay := writeOverlay(t, texts)
	cmd := exec.Command("go", "vet", "-overlay", overlay, "./shared/annotations", "./cli/...", "./webhook/...", "./test/integration")
	cmd.Dir = root
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s\n%s", err, output)
	}
}

func insert(t *testing.T, file, text, how, fragment, code string) string {
	t.Helper()
	at := strings.Index(text, fragment)
	if at < 0 {
		t.Fatalf("%s has no line with %q", file, fragment)
	}
	begin, end := strings.LastIndex(text[:at], "\n")+1, at+strings.Index(text[at:], "\n")+1
	if how == "for" {
		return text[:begin] + code + text[end:]
	}
	return text[:end] + code + text[end:]
}

// writeOverlay writes the file by which go reads these texts as if they were in the repository.
func writeOverlay(t *testing.T, texts map[string]string) string {
	t.Helper()
	base, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	replace, dir := map[string]string{}, t.TempDir()
	for file, text := range texts {
		path := filepath.Join(dir, strings.ReplaceAll(file, "/", "_"))
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		replace[filepath.Join(base, file)] = path
	}
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
