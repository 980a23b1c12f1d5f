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

	SubmitMPI submit.Command `cmd:"" name:"submit-mpi" aliases:"mpi,mj" help:"Submit a distributed training (MPI) job."`
	List      struct {
		Jobs     jobs.List     `cmd:"" default:"withargs" aliases:"job" help:"List the jobs of a project."`
		Projects projects.List `cmd:"" aliases:"project" help:"List projects."`
	} `cmd:"" help:"List jobs or projects."`
	Describe struct {
		Job jobs.Describe `cmd:"" default:"withargs" help:"Show a job, its pods and events, and why it is not running."`
	} `cmd:"" help:"Show a job."`
	Logs   jobs.Logs `cmd:"" help:"Print the output of a job."`
	Delete struct {
		Job jobs.Delete `cmd:"" default:"withargs" aliases:"jobs" help:"Delete jobs. Persistent volume claims and their data are kept."`
	} `cmd:"" help:"Delete jobs."`
	Whoami whoami.Command `cmd:"" help:"Show your user name in the cluster, and the identity that jobs with --run-as-user get."`
	Config struct {
		Project projects.Config `cmd:"" help:"Set the default project, which commands without -p use."`
	} `cmd:"" help:"Set the default project."`
	Project struct {
		Set projects.Config `cmd:"" help:"Same as config project."`
	} `cmd:"" hidden:""`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run returns the exit code: 0, 1 for a failure, 2 for an invalid command line.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	err := execute(ctx, args, stdin, stdout, stderr)
	if err == nil {
		return 0
	}
	var mistakes invocation.Mistakes
	if errors.As(err, &mistakes) {
		for _, mistake := range mistakes {
			fmt.Fprintln(stderr, "runai:", mistake)
		}
		return 2
	}
	for line := range strings.Lines(err.Error() + "\n") {
		if !strings.HasPrefix(line, "Did you mean ") {
			fmt.Fprint(stderr, "runai: ")
		}
		fmt.Fprint(stderr, line)
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
		return invocation.Mistakes{explainUsage(err, parser.Model.Node)}
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	return parsed.Run(&invocation.Invocation{
		Globals: commands.Globals, Words: words, Version: version.String(), Stdin: stdin, Stdout: stdout, Stderr: stderr,
	})
}
