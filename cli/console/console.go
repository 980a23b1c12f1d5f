// Package console gives the user's terminal to a process in the cluster, and takes it back.
package console

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"
)

// A Console is the user's terminal: where keys come from, and where text is shown.
type Console struct{ In, Out *os.File }

// Of returns the terminal of two streams of the program, or nil unless both are terminals.
func Of(in, out any) *Console {
	input, inIsFile := in.(*os.File)
	output, outIsFile := out.(*os.File)
	if !inIsFile || !outIsFile || !term.IsTerminal(int(input.Fd())) || !term.IsTerminal(int(output.Fd())) {
		return nil
	}
	return &Console{In: input, Out: output}
}

// Lend calls f with the terminal in raw mode: f gets every key, including Ctrl-C. The terminal is restored however f
// ends. The context of f also ends when the terminal is closed.
func (c Console) Lend(ctx context.Context, f func(context.Context) error) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGHUP, syscall.SIGQUIT)
	defer stop()
	before, err := term.MakeRaw(int(c.In.Fd()))
	if err != nil {
		return fmt.Errorf("cannot use the terminal: %w", err)
	}
	defer func() { _ = term.Restore(int(c.In.Fd()), before) }() // fails only if the terminal is gone
	defer obeySequences(c.Out)()
	return f(ctx)
}
