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
	race := flag.Bool("race", false, "list the packages that the race detector needs")
	node := flag.Bool("node", false, "list the packages that a real node needs")
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
