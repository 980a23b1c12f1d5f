// Command runai-webhook makes MPIJobs comply with the cluster policy, as an admission webhook or offline.
package main

import (
	"fmt"
	"os"

	"github.com/alecthomas/kong"

	"github.com/runai-mpi/runai-mpi/shared/version"
)

type commands struct {
	Serve serve `cmd:"" help:"Serve the admission webhook."`
	Admit admit `cmd:"" help:"Admit MPIJobs offline, and print them as the cluster would store them."`

	Version kong.VersionFlag `help:"Print the version."`
}

func main() {
	parser := kong.Must(&commands{},
		kong.Name("runai-webhook"),
		kong.Description("Makes MPIJobs comply with the cluster policy."),
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
