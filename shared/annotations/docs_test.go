package annotations

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/runai-mpi/runai-mpi/test/golden"
)

const (
	docsFile   = "../../docs/annotations.md"
	tableBegin = "<!-- table: written by \"make generate\" -->\n"
	tableEnd   = "<!-- end of the table -->\n"
)

func TestDocumentationIsComplete(t *testing.T) {
	data, err := os.ReadFile(docsFile)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begun := strings.Cut(string(data), tableBegin)
	_, after, ended := strings.Cut(rest, tableEnd)
	if !begun || !ended {
		t.Fatalf("%s has no table", docsFile)
	}
	want := before + tableBegin + table() + tableEnd + after
	golden.Compare(t, docsFile, want)
}

func table() string {
	text := "| annotation | value | example | meaning |\n|---|---|---|---|\n"
	for _, doc := range Docs() {
		text += fmt.Sprintf("| `%s` | %s | `%s` | %s |\n", doc.Key, doc.Value, doc.Example, doc.Meaning)
	}
	return text
}
