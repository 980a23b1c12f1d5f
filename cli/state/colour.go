package state

import (
	"io"
	"slices"

	"github.com/runai-mpi/runai-mpi/shared/table"
	"github.com/runai-mpi/runai-mpi/shared/terminal"
)

// WriteTable prints rows, with statuses in their colours on a terminal that shows colours.
func WriteTable(out io.Writer, rows [][]string) error {
	return table.WriteColoured(out, rows, func(row, column int) terminal.Colour {
		isBelow := row > 0 && column < len(rows[0]) && rows[0][column] == "STATUS"
		isBeside := column == 1 && rows[row][0] == "STATUS:"
		if isBelow || isBeside {
			return colourOf(rows[row][column])
		}
		return terminal.Plain
	})
}

// StatusColumn is the column of the status in [Rows].
const StatusColumn = 1

// GrowingRows returns a table for [Rows] that come one after the other, with statuses in their colours.
func GrowingRows(out io.Writer) *table.Growing {
	return table.NewGrowing(out, func(cell string, column int) terminal.Colour {
		if column != StatusColumn || cell == "STATUS" || cell == Deleted {
			return terminal.Plain
		}
		return colourOf(cell)
	})
}

// Deleted is the status of a job that no longer exists.
const Deleted = "Deleted"

// colourOf returns the colour of the status of a job or a pod. All statuses that are not named are problems.
func colourOf(status string) terminal.Colour {
	switch {
	case status == "":
		return terminal.Plain
	case slices.Contains([]string{"Running", "Succeeded", "Completed"}, status):
		return terminal.Green
	case slices.Contains([]string{"Pending", "Suspended", "Terminating", "SchedulingGated"}, status), isProgress(status):
		return terminal.Yellow
	}
	return terminal.Red
}
