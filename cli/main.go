// Command runai submits distributed training as MPIJobs.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"github.com/runai-mpi/runai-mpi/cli/completion"
	"github.com/runai-mpi/runai-mpi/cli/console"
	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/jobs"
	"github.com/runai-mpi/runai-mpi/cli/progress"
	"github.com/runai-mpi/runai-mpi/cli/projects"
	"github.com/runai-mpi/runai-mpi/cli/submit"
	"github.com/runai-mpi/runai-mpi/cli/versions"
	"github.com/runai-mpi/runai-mpi/cli/whoami"
	"github.com/runai-mpi/runai-mpi/shared/flags"
	"github.com/runai-mpi/runai-mpi/shared/terminal"
	"github.com/runai-mpi/runai-mpi/shared/version"
)

// commands are in the order of the help, in its groups.
type commands struct {
	invocation.Globals
	Version kong.VersionFlag `group:"global" help:"Print the version."`

	// Submit.
	SubmitMPI submit.Command  `cmd:"" group:"submit" words:"ARGS..." name:"submit-mpi" help:"Submit a distributed training (MPI) job. Same as runai mpi submit."`
	Resubmit  submit.Resubmit `cmd:"" group:"submit" words:"ARGS..." help:"Submit a job again, as it was or with changes."`

	// Follow.
	List struct {
		Jobs     jobs.List     `cmd:"" default:"withargs" aliases:"job" help:"List the jobs of a project."`
		Projects projects.List `cmd:"" aliases:"project" help:"List projects."`
	} `cmd:"" group:"follow" help:"List jobs or projects."`
	Describe struct {
		Job jobs.Describe `cmd:"" default:"withargs" aliases:"jobs" help:"Show a job, its pods and events, and why it is not running."`
	} `cmd:"" group:"follow" help:"Show a job."`
	Logs jobs.Logs `cmd:"" group:"follow" help:"Print the output of a job."`
	Wait jobs.Wait `cmd:"" group:"follow" help:"Wait until jobs have finished, are running or are deleted."`

	// Inside a job.
	Attach      jobs.Attach      `cmd:"" group:"inside" help:"Connect your terminal to the running process of a job."`
	Exec        jobs.Exec        `cmd:"" group:"inside" words:"COMMAND..." help:"Run a command in a pod of a job."`
	Bash        jobs.Bash        `cmd:"" group:"inside" help:"Open a shell in a pod of a job."`
	PortForward jobs.PortForward `cmd:"" group:"inside" name:"port-forward" help:"Forward ports of your computer to a pod of a job."`

	// Steer.
	Suspend jobs.Suspend `cmd:"" group:"steer" help:"Stop jobs until they are resumed."`
	Resume  jobs.Resume  `cmd:"" group:"steer" help:"Start suspended jobs again."`
	Delete  struct {
		Job jobs.Delete `cmd:"" default:"withargs" aliases:"jobs" help:"Delete jobs. Persistent volume claims and their data are kept."`
	} `cmd:"" group:"steer" help:"Delete jobs."`

	// Projects and identity.
	Config struct {
		Project projects.Config `cmd:"" help:"Set the default project, which commands without -p use."`
	} `cmd:"" group:"projects" help:"Set the default project."`
	Whoami whoami.Command `cmd:"" group:"projects" help:"Show your user name in the cluster, and the identity that jobs with --run-as-user get."`

	// Other commands.
	Completion  completion.Command `cmd:"" group:"other" help:"Print the completion script for bash, zsh or fish."`
	ShowVersion versions.Command   `cmd:"" group:"other" name:"version" help:"Print the versions of runai, the webhook and the API server."`
}

// withOtherNames are all commands, under all of their names.
type withOtherNames struct {
	commands
	otherNames
}

// otherNames are hidden names of commands.
type otherNames struct {
	Project struct {
		Set  projects.Config `cmd:"" help:"Same as config project."`
		List projects.List   `cmd:"" help:"Same as list projects."`
	} `cmd:"" hidden:""`
	MPI      mpiCommands `cmd:"" name:"mpi" aliases:"mj" hidden:""`
	Training struct {
		MPI mpiCommands `cmd:"" name:"mpi"`
	} `cmd:"" hidden:""`
	SubmitDist struct {
		MPI submit.Command `cmd:"" name:"mpi" words:"ARGS..."`
	} `cmd:"" name:"submit-dist" hidden:""`
}

// mpiCommands are the commands by the names of newer versions: runai mpi submit, runai training mpi list. An older one
// had runai mpi for submit-mpi.
type mpiCommands struct {
	Submit   submit.Command  `cmd:"" default:"withargs" words:"ARGS..."`
	Resubmit submit.Resubmit `cmd:"" words:"ARGS..."`
	List     jobs.List       `cmd:""`
	Describe jobs.Describe   `cmd:""`
	Logs     jobs.Logs       `cmd:""`
	Suspend  jobs.Suspend    `cmd:""`
	Resume   jobs.Resume     `cmd:""`
	Wait     jobs.Wait       `cmd:""`
	Delete   jobs.Delete     `cmd:""`

	Attach      jobs.Attach      `cmd:""`
	Exec        jobs.Exec        `cmd:"" words:"COMMAND..."`
	Bash        jobs.Bash        `cmd:""`
	PortForward jobs.PortForward `cmd:"" name:"port-forward"`
}

func main() {
	debug.SetGCPercent(400) // most commands end before they have garbage
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	code := run(ctx, pluginArgs(os.Args), os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run returns the exit code: 0, 1 for a failure, 2 for an invalid command line, 130 for an interruption, or that of a
// process in the cluster. Only what a job printed reaches the terminal as it is.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	terminals := invocation.Terminals{Stdin: isTerminal(stdin), Stdout: isTerminal(stdout), Stderr: isTerminal(stderr)}
	line, screen := statusLine(stderr), console.Of(stdin, stdout)
	stderr = line.Above(stderr)
	if terminals.Stderr && terminals.Stdout {
		stdout = line.Above(stdout)
	}
	// rule T39 in test/integration TestT39HostileAnswers: an error that quotes what rewrites a terminal
	// without: safeOut, safeErr := stdout, stderr
	safeOut, safeErr := safeWriter(stdout, terminals.Stdout), safeWriter(stderr, terminals.Stderr)
	err := execute(ctx, args, invocation.Invocation{
		Stdin: stdin, Stdout: safeOut, Stderr: safeErr, JobOutput: stdout, JobErrors: stderr, Terminals: terminals, Console: screen, Line: line,
	})
	line.Clear()
	var mistakes invocation.Mistakes
	var code invocation.ExitCode
	switch {
	case err == nil:
		return 0
	case errors.As(err, &code):
		return int(code)
	case errors.As(err, &mistakes):
		report(safeErr, mistakes)
		return 2
	}
	report(safeErr, strings.Split(err.Error(), "\n"))
	if ctx.Err() != nil {
		return int(invocation.Interrupted)
	}
	return 1
}

// safeWriter returns a writer that escapes what a terminal would obey, with colours unless the user wants none.
func safeWriter(out io.Writer, isTerminal bool) io.Writer {
	if isTerminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" {
		return terminal.NewColourWriter(out)
	}
	return terminal.NewWriter(out)
}

// report prints causes, one in each line. A hint is a line of its own. A mistake may quote what was typed.
func report(stderr io.Writer, causes []string) {
	for _, cause := range causes {
		text, nearest, hasHint := strings.Cut(cause, "\nDid you mean ")
		if rest, isHint := strings.CutPrefix(text, "Did you mean "); isHint {
			text, nearest, hasHint = "", rest, true
		}
		if text != "" {
			fmt.Fprintln(stderr, "runai:", strings.ReplaceAll(text, "\n", `\n`)) // the writer escapes the rest
		}
		if hasHint {
			fmt.Fprintln(stderr, "Did you mean", terminal.Line(nearest))
		}
	}
}

// statusLine returns the line that says what a command waits for, as wide as the terminal.
func statusLine(stderr io.Writer) *progress.Line {
	file, isFile := stderr.(*os.File)
	if !isFile || !term.IsTerminal(int(file.Fd())) {
		return progress.New(stderr, nil)
	}
	return progress.New(stderr, func() int {
		if width, _, err := term.GetSize(int(file.Fd())); err == nil && width > 0 {
			return width
		}
		return 80
	})
}

func isTerminal(stream any) bool {
	file, isFile := stream.(*os.File)
	return isFile && term.IsTerminal(int(file.Fd()))
}

func execute(ctx context.Context, args []string, run invocation.Invocation) error {
	if completion.IsRequest(args) {
		return complete(ctx, args, run)
	}
	if err := checkText(args); err != nil {
		return err
	}
	var all withOtherNames
	parser := newParser(grammarOf(args, &all))
	args, run.Words = splitWords(markWords(args, parser.Model.Node))
	if mistakes := checkPasted(args); len(mistakes) > 0 {
		return mistakes
	}
	args = askForHelp(alignOldSyntax(args, run.Words != nil))
	if mistakes := checkDashes(args, commandOf(args, parser.Model.Node), parser.Model.Node); len(mistakes) > 0 {
		return mistakes
	}
	answered := false
	parser.Stdout, parser.Exit = run.Stdout, func(int) { answered = true } // after --help and --version
	parsed, err := parser.Parse(args)
	if answered {
		return nil
	}
	if err != nil {
		return invocation.Mistakes{explainUsage(err, parser.Model.Node)}
	}
	if repeated := flags.Repeated(parsed); len(repeated) > 0 {
		return invocation.Mistakes(repeated)
	}
	if command := parsed.Selected(); len(run.Words) > 0 && wordsOf(command) == "" {
		return invocation.Mistakes{fmt.Sprintf("unexpected argument %q after -- for %q", run.Words[0], pathOf(command))}
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	run.Globals, run.Version = all.Globals, version.String()
	if warning := warnOfPasted(run.Words); warning != "" {
		run.Warn(warning)
	}
	return parsed.Run(&run)
}

// complete answers the script of a shell. Nothing but the answer is printed, not even by a credential plugin.
func complete(ctx context.Context, args []string, run invocation.Invocation) error {
	if silence, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0); err == nil {
		os.Stderr = silence
	}
	return completion.Answer(ctx, newParser(&withOtherNames{}).Model.Node, args, "runai/"+version.String(), run.JobOutput)
}
