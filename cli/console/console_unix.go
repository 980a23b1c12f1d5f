//go:build !windows

package console

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// changes signals once at the beginning, and whenever the size of the terminal may have changed. Several changes can be
// one signal.
func (c Console) changes(ctx context.Context) <-chan os.Signal {
	changes := make(chan os.Signal, 1)
	changes <- syscall.SIGWINCH
	signal.Notify(changes, syscall.SIGWINCH)
	context.AfterFunc(ctx, func() { signal.Stop(changes) })
	return changes
}

// obeySequences does nothing: these terminals always obey escape sequences.
func obeySequences(*os.File) (restore func()) { return func() {} }
