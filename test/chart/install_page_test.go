package chart

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/runai-mpi/runai-mpi/test/internal/chart"
)

var yamlBlock = regexp.MustCompile("(?s)\n```yaml\n(.*?)```\n")

// The chart renders with the values that the page gives for each kind of cluster.
func TestValuesInPages(t *testing.T) {
	page, err := os.ReadFile("../../docs/install.md")
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, block := range yamlBlock.FindAllStringSubmatch(string(page), -1) {
		if strings.HasPrefix(block[1], "apiVersion:") {
			continue
		}
		file := filepath.Join(t.TempDir(), "values.yaml")
		if err := os.WriteFile(file, []byte(block[1]), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := chart.Render(t.Context(), "--values", file); err != nil {
			t.Errorf("%s\n%s", block[1], err)
		}
		tried++
	}
	if tried < 6 {
		t.Errorf("the page has values for %d kinds of clusters", tried)
	}
}
