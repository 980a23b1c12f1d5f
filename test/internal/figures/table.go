package figures

import (
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
)

var record = flag.Bool("record", false, "Keep the figures for the page.")

// IsRecording reports whether Keep keeps what it is given.
func IsRecording() bool { return *record }

// A Table is a part of the page. Its first row is the header.
type Table [][]string

// NewTable returns a table with a header.
func NewTable(columns ...string) Table { return Table{columns} }

// Add adds a row.
func (t *Table) Add(cells ...string) { *t = append(*t, cells) }

func path(t *testing.T, name string) string {
	t.Helper()
	root, err := binaries.RepositoryRoot()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(root, "test", "scale", "testdata", name+".json")
}

// Read returns a table that was kept, or an empty one.
func Read(t *testing.T, name string) (rows Table) {
	t.Helper()
	text, err := os.ReadFile(path(t, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(text, &rows)
	}
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// merged returns the rows of both tables. Of those with the same key, it has the newer one.
func merged(older, newer Table, key int) Table {
	all := slices.Clone(newer)
	if len(older) == 0 || !slices.Equal(older[0], newer[0]) {
		return all
	}
	for _, row := range older {
		if !slices.ContainsFunc(newer, func(other []string) bool { return slices.Equal(other[:key], row[:key]) }) {
			all = append(all, row)
		}
	}
	slices.SortStableFunc(all[1:], func(a, b []string) int { return cmp.Compare(number(a[0]), number(b[0])) })
	return all
}

func number(cell string) int {
	n, _ := strconv.Atoi(cell)
	return n
}

// Keep logs a table, and with -record keeps it for the page. The first cells of a row are its key: rows that
// were kept before stay if they have another one.
func Keep(t *testing.T, name string, key int, rows Table) {
	t.Helper()
	for _, row := range rows {
		t.Log(row)
	}
	if !*record || t.Failed() {
		return
	}
	text, err := json.MarshalIndent(merged(Read(t, name), rows, key), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path(t, name), append(text, '\n'), 0o644); err != nil { //nolint:gosec // is committed
		t.Fatal(err)
	}
}
