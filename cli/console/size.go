package console

import (
	"context"

	"golang.org/x/term"
)

// Sizes returns a function that waits for the terminal's next size. The first one is the size at the moment. The
// function returns false when the context ends.
func (c Console) Sizes(ctx context.Context) func() (width, height uint16, more bool) {
	changes := c.changes(ctx)
	return func() (width, height uint16, more bool) {
		select {
		case <-ctx.Done():
			return 0, 0, false
		case <-changes:
		}
		columns, rows, err := term.GetSize(int(c.Out.Fd()))
		if err != nil {
			return 0, 0, false
		}
		return uint16(columns), uint16(rows), true
	}
}

// Redrawn returns sizes that begin with one that is wrong. The one that follows makes a shell draw its prompt again,
// and a full-screen program its screen, although the terminal has not changed.
func Redrawn(sizes func() (width, height uint16, more bool)) func() (width, height uint16, more bool) {
	var next []uint16
	started := false
	return func() (width, height uint16, more bool) {
		if next != nil {
			width, height, next = next[0], next[1], nil
			return width, height, true
		}
		width, height, more = sizes()
		if more && !started {
			started, next = true, []uint16{width, height}
			return width + 1, height + 1, true
		}
		return width, height, more
	}
}
