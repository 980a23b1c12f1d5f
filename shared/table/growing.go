package table

import (
	"io"
	"strings"
	"unicode/utf8"

	"github.com/runai-mpi/runai-mpi/shared/terminal"
)

// Growing prints a table whose rows come one after the other. Columns are as wide as the widest cell until then.
type Growing struct {
	out      io.Writer
	colourOf func(cell string, column int) terminal.Colour
	widths   []int
}

// NewGrowing returns a table without rows, with a colour for each cell on a terminal that shows colours.
func NewGrowing(out io.Writer, colourOf func(cell string, column int) terminal.Colour) *Growing {
	return &Growing{out: out, colourOf: colourOf}
}

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
	rows = append([][]string{ruler}, rows...)
	lines := linesOf(rows, func(row, column int) terminal.Colour { return g.colourOf(rows[row][column], column) })
	return printLines(g.out, lines[1:])
}
