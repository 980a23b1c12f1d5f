// Command buildservers provides the servers and tools that the tests run, for "make servers".
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	find := flag.Bool("find", false, "build nothing, fail if something is missing")
	lab := flag.Bool("lab", false, "provide what a real node runs too")
	flag.Parse()
	if err := run(ctx, *find, *lab); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, find, lab bool) error {
	ensure := func() (binaries.Set, error) { return binaries.Ensure(ctx, os.Stderr) }
	ensureNode := func() (binaries.Node, error) { return binaries.EnsureNode(ctx, os.Stderr) }
	if find {
		ensure, ensureNode = binaries.Find, binaries.FindNode
	}
	set, err := ensure()
	if err != nil {
		return err
	}
	show(set.Paths())
	if !lab {
		return nil
	}
	node, err := ensureNode()
	if err != nil {
		return err
	}
	show(node.Paths())
	return nil
}

func show(paths []string) {
	for _, path := range paths {
		fmt.Println(path)
	}
}
