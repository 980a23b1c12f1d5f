// Command missingpackages prints the Debian packages that the tests need and this machine does not have,
// for "make packages".
package main

import (
	"flag"
	"fmt"
	"strings"

	"github.com/runai-mpi/runai-mpi/test/internal/packages"
)

func main() {
	race := flag.Bool("race", false, "what the race detector needs")
	node := flag.Bool("node", false, "what a real node needs")
	flag.Parse()
	var missing []string
	if *race {
		missing = append(missing, packages.MissingForRace()...)
	}
	if *node {
		missing = append(missing, packages.MissingForNode()...)
	}
	if len(missing) > 0 {
		fmt.Println(strings.Join(missing, " "))
	}
}
