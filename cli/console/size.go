package console

import (
	"context"
	"time"

	"golang.org/x/term"
)

const (
	redrawPause = 500 * time.Millisecond // in which a program has drawn its screen again
	mostRedraws = 4                      // a program that shows nothing may have nothing to show
)

// Sizes returns a function that waits for the terminal's next size. The first one is the size at the moment. The
// function returns false when the context ends.
func (c Console) Sizes(ctx context.Context) func() (width, height uint16, more bool) {
	return c.sizes(ctx, nil)
}

// Redrawn returns the sizes for a program that runs already. At the beginning there are wrong ones, each followed by the
// right one: this makes a shell draw its prompt again, and a full-screen program its screen, although the terminal has
// not changed. It is tried again until the program has shown something: a container runtime may connect the output only
// after the first sizes, and a program that is told of two sizes at once sees no change.
func (c Console) Redrawn(ctx context.Context, shown <-chan struct{}) func() (width, height uint16, more bool) {
	return c.sizes(ctx, redraws(ctx, shown))
}

func (c Console) sizes(ctx context.Context, redraws <-chan struct{}) func() (width, height uint16, more bool) {
	changes := c.changes(ctx)
	isWrong := false // the last size
	return func() (width, height uint16, more bool) {
		redraw := false
		if !isWrong {
			select {
			case <-ctx.Done():
				return 0, 0, false
			case <-changes:
			case <-redraws:
				redraw = true
			}
		}
		columns, rows, err := term.GetSize(int(c.Out.Fd()))
		if err != nil {
			return 0, 0, false
		}
		if isWrong = redraw; isWrong {
			columns, rows = columns+1, rows+1
		}
		return uint16(columns), uint16(rows), true
	}
}

// redraws signals at once, and again while nothing has been shown.
func redraws(ctx context.Context, shown <-chan struct{}) <-chan struct{} {
	redraws := make(chan struct{}, 1)
	redraws <- struct{}{}
	go func() {
		for range mostRedraws - 1 {
			select {
			case <-ctx.Done():
				return
			case <-shown:
				return
			case <-time.After(redrawPause):
			}
			select {
			case redraws <- struct{}{}:
			default: // nobody has read the one before
			}
		}
	}()
	return redraws
}
