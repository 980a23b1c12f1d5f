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
	shells := flag.Bool("shells", false, "list the packages of the shells that make completion completes in")
	directory := flag.Bool("directory", false, "list the package of the LDAP server")
	flag.Parse()
	var missing []string
	if *race {
		missing = append(missing, packages.MissingForRace()...)
	}
	if *node {
		missing = append(missing, packages.MissingForNode()...)
	}
	if *directory {
		missing = append(missing, packages.MissingForDirectory()...)
	}
	if *shells {
		missing = append(missing, packages.MissingForShells()...)
	}
	if len(missing) > 0 {
		fmt.Println(strings.Join(missing, " "))
	}
}
