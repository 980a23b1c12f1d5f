package console

import (
	"context"
	"os"
	"time"

	"golang.org/x/sys/windows"
	"golang.org/x/term"
)

const pollPause = 250 * time.Millisecond // Windows has no signal for it

// changes signals once at the beginning, and whenever the size of the terminal has changed.
func (c Console) changes(ctx context.Context) <-chan struct{} {
	changes := make(chan struct{}, 1)
	go func() {
		width, height := -1, -1
		for ctx.Err() == nil {
			if w, h, err := term.GetSize(int(c.Out.Fd())); err == nil && (w != width || h != height) {
				width, height = w, h
				select {
				case changes <- struct{}{}:
				default: // nobody has read the change before
				}
			}
			time.Sleep(pollPause)
		}
	}()
	return changes
}

// obeySequences makes the terminal obey escape sequences, which older ones print.
func obeySequences(out *os.File) (restore func()) {
	handle, mode := windows.Handle(out.Fd()), uint32(0)
	if windows.GetConsoleMode(handle, &mode) != nil ||
		windows.SetConsoleMode(handle, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) != nil {
		return func() {}
	}
	return func() { _ = windows.SetConsoleMode(handle, mode) }
}
