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
