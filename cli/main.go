// Command runai submits distributed training as MPIJobs.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/jobs"
	"github.com/runai-mpi/runai-mpi/cli/projects"
	"github.com/runai-mpi/runai-mpi/cli/submit"
	"github.com/runai-mpi/runai-mpi/cli/whoami"
	"github.com/runai-mpi/runai-mpi/shared/version"
)

type commands struct {
	invocation.Globals
	Version kong.VersionFlag `group:"global" help:"Print the version."`

	SubmitMPI submit.Command `cmd:"" name:"submit-mpi" aliases:"mpi,mj" help:"Submit a distributed training (MPI) job: runai submit-mpi [NAME] [flags] [-- COMMAND ARGS]"`
	List      struct {
		Jobs     jobs.List     `cmd:"" default:"withargs" aliases:"job" help:"List the jobs of a project."`
		Projects projects.List `cmd:"" aliases:"project" help:"List the projects."`
	} `cmd:"" help:"List jobs or projects."`
	Describe struct {
		Job jobs.Describe `cmd:"" default:"withargs" help:"Show a job, its pods and events, and why it is not running."`
	} `cmd:"" help:"Show a job."`
	Logs   jobs.Logs `cmd:"" help:"Print the output of a job."`
	Delete struct {
		Job jobs.Delete `cmd:"" default:"withargs" aliases:"jobs" help:"Delete jobs. Claims stay, with the data in them."`
	} `cmd:"" help:"Delete jobs."`
	Whoami whoami.Command `cmd:"" help:"Show who you are to the cluster, and whom --run-as-user makes you in a job."`
	Config struct {
		Project projects.Config `cmd:"" help:"Choose the project that commands without -p are for."`
	} `cmd:"" help:"Choose a default project."`
	Project struct {
		Set projects.Config `cmd:"" help:"The same as config project."`
	} `cmd:"" hidden:""`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run returns the exit code: 0, 1 for a failure, 2 for a command line that cannot be meant.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	err := execute(ctx, args, stdin, stdout, stderr)
	if err == nil {
		return 0
	}
	for line := range strings.Lines(err.Error() + "\n") {
		fmt.Fprint(stderr, "runai: ", line)
	}
	if errors.As(err, &invocation.Mistakes{}) {
		return 2
	}
	return 1
}

func execute(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	if err := checkText(args); err != nil {
		return err
	}
	args, words := splitWords(args)
	var commands commands
	parser := newParser(&commands)
	parsed, err := parser.Parse(alignOldSyntax(args, words != nil))
	if err != nil {
		return invocation.Mistakes{explainUsage(err, parser.Model)}
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	return parsed.Run(&invocation.Invocation{
		Globals: commands.Globals, Words: words, Version: version.String(), Stdin: stdin, Stdout: stdout, Stderr: stderr,
	})
}
