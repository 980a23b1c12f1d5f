// Command buildservers finds or builds the servers that the tests run, and prints their paths: for
// "make servers", and with -lab for "make lab-servers".
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	missing := flag.Bool("missing", false, "print the names of the missing binaries in one line, and build nothing")
	lab := flag.Bool("lab", false, "include the binaries that only a real node runs")
	flag.Parse()
	names := binaries.Servers
	if *lab {
		names = slices.Concat(names, binaries.Node)
	}
	run := provide
	if *missing {
		run = showMissing
	}
	if err := run(ctx, names); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func provide(ctx context.Context, names []binaries.Name) error {
	set, err := binaries.Ensure(ctx, os.Stderr, names...)
	if err != nil {
		return err
	}
	for _, name := range names {
		fmt.Println(set[name])
	}
	return nil
}

func showMissing(_ context.Context, names []binaries.Name) error {
	missing, err := binaries.Missing(names...)
	if err != nil || len(missing) == 0 {
		return err
	}
	_, err = fmt.Println(strings.Trim(fmt.Sprint(missing), "[]"))
	return err
}
