// Command cmd provides the servers and tools that the tests run, for "make servers".
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/runai-mpi/runai-mpi/test/env/binaries"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	find := flag.Bool("find", false, "build nothing, fail if something is missing")
	flag.Parse()
	if err := run(ctx, *find); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, find bool) error {
	provide := func() (binaries.Set, error) { return binaries.Ensure(ctx, os.Stderr) }
	if find {
		provide = binaries.Find
	}
	set, err := provide()
	if err != nil {
		return err
	}
	for _, path := range set.Paths() {
		fmt.Println(path)
	}
	return nil
}
