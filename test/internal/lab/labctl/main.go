// Command labctl runs a lab to try things in: see "make help".
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/runai-mpi/runai-mpi/test/internal/lab"
)

var commands = map[string]func(context.Context) error{
	"images": func(ctx context.Context) error { return lab.EnsureImages(ctx, os.Stderr) },
	"up":     func(ctx context.Context) error { return up(ctx, "serve") },
	"serve":  func(ctx context.Context) error { return serve(ctx, func(*lab.Lab) error { return nil }) },
	"down":   lab.Down,
	"shell":  shell,

	"up-installed":    upInstalled,
	"serve-installed": serveInstalled,
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) != 1 || commands[args[0]] == nil {
		return fmt.Errorf("usage: labctl images|up|up-installed|down|shell")
	}
	return commands[args[0]](ctx)
}

// serve runs a lab until it is interrupted.
func serve(ctx context.Context, prepare func(*lab.Lab) error) error {
	l, err := lab.Start(ctx, lab.Options{GPUNodes: true, Detached: true})
	if err != nil {
		return err
	}
	if err := prepare(l); err != nil {
		return errors.Join(err, l.Stop())
	}
	fmt.Println(ready)
	<-ctx.Done()
	return l.Stop()
}

// shell ignores interrupts, which are for the programs in the shell.
func shell(context.Context) error {
	cmd, err := lab.Shell(context.Background())
	if err != nil {
		return err
	}
	return cmd.Run()
}
