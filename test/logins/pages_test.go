package logins

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	block        = regexp.MustCompile("(?ms)^```(?:yaml|json)\n(.*?)^```$")
	leadComments = regexp.MustCompile(`^(#.*\n)+`)
)

// Each block of YAML and JSON in the pages about identity is one of the samples that these tests load, and each sample is
// on a page. The comment at the head of a file need not be.
func TestPagesShowTheSamples(t *testing.T) {
	shown := map[string]bool{}
	for _, path := range sampleFiles(t) {
		shown[leadComments.ReplaceAllString(readFile(t, path), "")] = false
	}
	pages, err := filepath.Glob(root + "docs/identity/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	for _, page := range append(pages, root+"docs/identity.md") {
		for _, match := range block.FindAllStringSubmatch(readFile(t, page), -1) {
			text := leadComments.ReplaceAllString(match[1], "")
			if _, known := shown[text]; !known {
				t.Errorf("%s has a block that is not a file in %sidentity:\n%s", page, samples, text)
			}
			shown[text] = true
		}
	}
	for text, found := range shown {
		if !found {
			t.Errorf("no page shows the sample\n%s", strings.Join(strings.SplitAfter(text, "\n")[:4], ""))
		}
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
