// Command runai-webhook makes MPIJobs comply with a cluster's policy, as an admission webhook and
// offline.
package main

import (
	"fmt"
	"os"

	"github.com/alecthomas/kong"

	"github.com/runai-mpi/runai-mpi/shared/version"
)

type commands struct {
	Serve serve `cmd:"" help:"Serve the admission webhook."`
	Admit admit `cmd:"" help:"Admit an MPIJob offline, and print what the cluster would store."`

	Version kong.VersionFlag `help:"Print the version."`
}

func main() {
	parser := kong.Must(&commands{},
		kong.Name("runai-webhook"),
		kong.Description("Makes MPIJobs comply with a cluster's policy."),
		kong.UsageOnError(),
		kong.Vars{"version": version.String()},
	)
	context, err := parser.Parse(os.Args[1:])
	parser.FatalIfErrorf(err)
	if err := context.Run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
