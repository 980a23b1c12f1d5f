// Command runai-webhook makes MPIJobs comply with the cluster policy, as an admission webhook or offline.
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/runai-mpi/runai-mpi/shared/flags"
	"github.com/runai-mpi/runai-mpi/shared/terminal"
	"github.com/runai-mpi/runai-mpi/shared/version"
)

type commands struct {
	Serve   serve         `cmd:"" help:"Serve the admission webhook."`
	Admit   admit         `cmd:"" help:"Admit MPIJobs offline, and print them as the cluster would store them."`
	Prepare prepare       `cmd:"" help:"Validate the cluster policy, then apply the CRDs to the cluster."`
	Check   checkCommand  `cmd:"" help:"Check an installation, and report what is wrong with it."`
	Review  reviewJobs    `cmd:"" help:"Show which MPIJobs of a cluster would be refused or changed, and change nothing."`
	Doctor  doctorCommand `cmd:"" help:"Find what lets users run as others, and what keeps jobs from running, and change nothing."`

	Directory directoryCommands `cmd:"" help:"Read accounts from a directory."`

	Version kong.VersionFlag `help:"Print the version."`
}

func main() {
	parser := kong.Must(&commands{},
		kong.Name("runai-webhook"),
		kong.Description("Makes MPIJobs comply with the cluster policy."),
		kong.Vars{"version": version.String()},
	)
	context, err := parser.Parse(os.Args[1:])
	if err != nil {
		fail(2, errors.New(explainUsage(err)))
	}
	if repeated := flags.Repeated(context); len(repeated) > 0 {
		fail(2, errors.New(strings.Join(repeated, "\n")))
	}
	err = context.Run()
	var found foundError
	switch {
	case errors.As(err, &found):
		os.Exit(1) // the report says what
	case err != nil && context.Command() == "doctor":
		fail(2, err) // 1 would mean that there are findings
	case err != nil:
		fail(1, err)
	}
}

// fail prints an error as runai does, and exits.
func fail(code int, err error) {
	stderr := terminal.NewWriter(os.Stderr)
	for line := range strings.Lines(err.Error() + "\n") {
		fmt.Fprint(stderr, "runai-webhook: ", line)
	}
	os.Exit(code)
}
