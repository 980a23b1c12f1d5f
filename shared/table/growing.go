package table

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"
)

// Growing prints a table whose rows come one after the other. Columns are as wide as the widest cell until then.
type Growing struct {
	out    io.Writer
	widths []int
}

// NewGrowing returns a table without rows.
func NewGrowing(out io.Writer) *Growing { return &Growing{out: out} }

// Write prints rows as the function Write does, in the columns of the rows before.
func (g *Growing) Write(rows [][]string) error {
	if len(rows) == 0 {
		return nil
	}
	for _, row := range rows {
		for i, cell := range shown(row) {
			if i == len(g.widths) {
				g.widths = append(g.widths, 0)
			}
			g.widths[i] = max(g.widths[i], utf8.RuneCountInString(cell))
		}
	}
	ruler := make([]string, 0, len(g.widths))
	for _, width := range g.widths {
		ruler = append(ruler, strings.Repeat("-", width))
	}
	var text bytes.Buffer
	_ = Write(&text, append([][]string{ruler}, rows...)) // never fails: it writes to memory
	_, below, _ := bytes.Cut(text.Bytes(), []byte("\n"))
	_, err := g.out.Write(below)
	return err
}
