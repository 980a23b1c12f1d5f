// Package table prints tables whose columns are separated by two spaces or more.
package table

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/runai-mpi/runai-mpi/shared/terminal"
)

// Write prints rows with at least two spaces between columns. It prints an empty cell as a hyphen, unless
// it is the last of its row, so that programs that split a row find all cells. Cells are escaped here, before
// their width is computed.
func Write(out io.Writer, rows [][]string) error {
	var text bytes.Buffer
	writer := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		for i, cell := range row {
			fmt.Fprint(writer, shown(cell, i == len(row)-1))
			if i < len(row)-1 {
				fmt.Fprint(writer, "\t")
			}
		}
		fmt.Fprintln(writer)
	}
	_ = writer.Flush() // never fails: it writes to memory
	for line := range strings.Lines(text.String()) {
		if _, err := fmt.Fprintln(out, strings.TrimRight(line, " \n")); err != nil {
			return err
		}
	}
	return nil
}

// shown returns the text of a cell.
func shown(cell string, isLast bool) string {
	cell = terminal.Escape(strings.Join(strings.Fields(cell), " "))
	if cell == "" && !isLast {
		return "-"
	}
	return cell
}
