// Package invocation has what all commands share: the global flags, the words after --, the streams and
// the errors.
package invocation

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/runai-mpi/runai-mpi/cli/console"
	"github.com/runai-mpi/runai-mpi/cli/kube"
	"github.com/runai-mpi/runai-mpi/cli/progress"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/terminal"
)

// Globals are the flags of every command.
type Globals struct {
	Project        string   `group:"global" short:"p" complete:"projects" placeholder:"PROJECT" filled:"" help:"Project to use. Default: the project of the current namespace. Example: -p team-a"`
	Namespace      string   `group:"global" short:"n" complete:"namespaces" placeholder:"NAMESPACE" filled:"" help:"Namespace to use, if the project has several. Example: -n runai-team-a"`
	Kubeconfig     string   `group:"global" placeholder:"FILE" complete:"files" filled:"" help:"Path of the kubeconfig. Default: $KUBECONFIG or ~/.kube/config. Example: --kubeconfig cluster.yaml"`
	Context        string   `group:"global" placeholder:"CONTEXT" complete:"contexts" filled:"" help:"Context of the kubeconfig. Default: the current context. Example: --context cluster"`
	As             string   `group:"global" name:"as" placeholder:"USER" filled:"" help:"User to impersonate, if you are allowed to. Example: --as alice@example.com"`
	AsGroup        []string `group:"global" name:"as-group" sep:"none" placeholder:"GROUP" help:"Group to impersonate, with --as. Can be repeated. Example: --as-group researchers"`
	RequestTimeout string   `group:"global" name:"request-timeout" placeholder:"DURATION" filled:"" help:"How long to wait for each answer from the API server. Does not limit following, watching or sessions. Default: no limit, but 30s if it refuses or closes connections. Example: --request-timeout 10s"`
	LogLevel       string   `group:"global" name:"loglevel" enum:"debug,info,warn,error" default:"info" placeholder:"LEVEL" help:"Log level: debug (logs each request), info, warn or error. Default: info. Example: --loglevel debug"`
}

// Mistakes returns what is wrong with the global flags.
func (g Globals) Mistakes() Mistakes {
	var mistakes Mistakes
	if g.Project != "" {
		if err := new(annotations.Intent).Set(annotations.ProjectKey, g.Project); err != nil {
			mistakes = append(mistakes, Problem("--project", g.Project, err.Error()))
		}
	}
	if g.Namespace != "" && len(validation.IsDNS1123Label(g.Namespace)) > 0 {
		mistakes = append(mistakes, BadValue("--namespace", g.Namespace,
			"must have only lower case letters, digits and '-', and begin and end with a letter or digit"))
	}
	if len(g.AsGroup) > 0 && g.As == "" {
		mistakes = append(mistakes, "--as-group requires --as")
	}
	if _, err := clientcmd.ParseTimeout(g.timeout()); err != nil || strings.HasPrefix(g.RequestTimeout, "-") {
		mistakes = append(mistakes, BadValue("--request-timeout", g.RequestTimeout, "must be a duration, for example 10s, or 0 for no limit"))
	}
	return mistakes
}

// timeout returns the timeout of a request in the words of the client library.
func (g Globals) timeout() string {
	if g.RequestTimeout == "" {
		return "0"
	}
	return g.RequestTimeout
}

// An Invocation is one run of the program.
type Invocation struct {
	Globals
	Words          []string // after --
	Version        string
	Stdin          io.Reader
	Stdout, Stderr io.Writer // escape what a terminal would obey
	JobOutput      io.Writer // is the standard output as it is, for what a job printed
	JobErrors      io.Writer // is the standard error as it is, for what a job printed
	Terminals      Terminals
	Console        *console.Console // is nil unless the standard input and the standard output are a terminal
	Line           *progress.Line   // is on the standard error, see [Invocation.StatusLine]
}

// Terminals says which streams of the program are terminals.
type Terminals struct{ Stdin, Stdout, Stderr bool }

// ConnectOptions returns how to reach the cluster.
func (i *Invocation) ConnectOptions() kube.ConnectOptions {
	options := kube.ConnectOptions{
		Unattended: !i.Terminals.Stdin, Kubeconfig: i.Kubeconfig, Context: i.Context, As: i.As, AsGroups: i.AsGroup, Timeout: i.timeout(),
		UserAgent: "runai/" + i.Version, Log: i.logger(), Warn: i.Warn, Note: i.Note,
	}
	if i.Terminals.Stderr {
		options.Waiting = i.waiting
	}
	return options
}

// Connect reads the kubeconfig.
func (i *Invocation) Connect() (*kube.Client, error) {
	if mistakes := i.Mistakes(); len(mistakes) > 0 {
		return nil, mistakes
	}
	client, err := kube.Connect(i.ConnectOptions())
	if err != nil {
		return nil, Failure{err.Error()}
	}
	return client, nil
}

// Scope returns the project and the namespace that the command addresses.
func (i *Invocation) Scope(client *kube.Client) kube.Scope {
	return kube.ScopeOf(i.Project, i.Namespace, client.Namespace)
}

// Warn prints a warning: something is allowed, but may not be what the user wants.
func (i *Invocation) Warn(text string) {
	if i.level() <= slog.LevelWarn {
		_ = terminal.Print(i.Stderr, terminal.Part{Text: "Warning:", Colour: terminal.Yellow}, terminal.Part{Text: " " + terminal.Line(text) + "\n"})
	}
}

// Note prints a remark that is not a warning.
func (i *Invocation) Note(text string) {
	if i.level() <= slog.LevelInfo {
		fmt.Fprintln(i.Stderr, terminal.Line(text))
	}
}

// StatusLine returns the line that says what the command waits for. It is silent if the user wants to see only warnings.
func (i *Invocation) StatusLine() *progress.Line {
	if i.level() > slog.LevelInfo {
		return nil
	}
	return i.Line
}

// Waiting shows on a terminal what the command waits for, until done is called.
func (i *Invocation) Waiting(text string) (done func()) {
	if !i.Terminals.Stderr {
		return func() {}
	}
	return i.waiting(text)
}

func (i *Invocation) waiting(text string) (done func()) {
	line := i.StatusLine()
	line.Show(text)
	return line.Clear
}

// Ask asks a question on the terminal. Everything but yes means no.
func (i *Invocation) Ask(ctx context.Context, question string) (yes bool, err error) {
	fmt.Fprint(i.Stderr, terminal.Line(question), " [y/N] ")
	answers := make(chan string, 1)
	go func() {
		answer, _ := bufio.NewReader(i.Stdin).ReadString('\n') // an end without an answer means no
		answers <- answer
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(i.Stderr)
		return false, ctx.Err()
	case answer := <-answers:
		answer = strings.ToLower(strings.TrimSpace(answer))
		return answer == "y" || answer == "yes", nil
	}
}

func (i *Invocation) level() slog.Level {
	var level slog.Level
	_ = level.UnmarshalText([]byte(i.LogLevel)) // the flag accepts only valid levels
	return level
}

func (i *Invocation) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(i.Stderr, &slog.HandlerOptions{Level: i.level()}))
}
