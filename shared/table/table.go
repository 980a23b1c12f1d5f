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
	return WriteColoured(out, rows, func(int, int) terminal.Colour { return terminal.Plain })
}

// WriteColoured is [Write] with a colour for each cell, on a terminal that shows colours.
func WriteColoured(out io.Writer, rows [][]string, colourOf func(row, column int) terminal.Colour) error {
	return printLines(out, linesOf(rows, colourOf))
}

func printLines(out io.Writer, lines [][]terminal.Part) error {
	for _, line := range lines {
		if err := terminal.Print(out, line...); err != nil {
			return err
		}
	}
	return nil
}

func linesOf(rows [][]string, colourOf func(row, column int) terminal.Colour) (lines [][]terminal.Part) {
	var text bytes.Buffer
	writer := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	cells := make([][]string, len(rows))
	for i, row := range rows {
		cells[i] = shown(row)
		fmt.Fprintln(writer, strings.Join(cells[i], "\t"))
	}
	_ = writer.Flush() // never fails: it writes to memory
	for i, row := range cells {
		line, _ := text.ReadString('\n')
		lines = append(lines, coloured(strings.TrimRight(line, " \n")+"\n", i, row, colourOf))
	}
	return lines
}

// shown returns the cells of a row as they are printed.
func shown(row []string) []string {
	cells := make([]string, len(row))
	for i, cell := range row {
		cells[i] = terminal.Escape(strings.Join(strings.Fields(cell), " "))
		if cells[i] == "" && i < len(row)-1 {
			cells[i] = "-"
		}
	}
	return cells
}

// coloured returns the parts of a line. Colours have no width, so that they come after the columns have theirs.
func coloured(line string, number int, cells []string, colourOf func(row, column int) terminal.Colour) (parts []terminal.Part) {
	for column, cell := range cells {
		blanks := line[:len(line)-len(strings.TrimLeft(line, " "))]
		line = strings.TrimPrefix(line[len(blanks):], cell)
		parts = append(parts, terminal.Part{Text: blanks}, terminal.Part{Text: cell, Colour: colourOf(number, column)})
	}
	return append(parts, terminal.Part{Text: line})
}
