// Package invocation is what all commands of one run share: the global flags, the words after --, and
// where to write.
package invocation

import (
	"fmt"
	"io"
	"log/slog"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/runai-mpi/runai-mpi/cli/kube"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
)

// Globals are the flags of every command.
type Globals struct {
	Project    string `group:"global" short:"p" placeholder:"PROJECT" help:"The project. Without it, the one of the current namespace. Example: -p team-a"`
	Namespace  string `group:"global" short:"n" placeholder:"NAMESPACE" help:"The namespace, where a project has several. Example: -n runai-team-a"`
	Kubeconfig string `group:"global" placeholder:"FILE" help:"The kubeconfig. Without it, $KUBECONFIG or ~/.kube/config. Example: --kubeconfig cluster.yaml"`
	Context    string `group:"global" placeholder:"NAME" help:"The kubeconfig's context. Without it, the current one. Example: --context cluster"`
	LogLevel   string `group:"global" name:"loglevel" enum:"debug,info,warn,error" default:"info" placeholder:"LEVEL" help:"What to log: debug (with each request), info, warn or error. Without it, info. Example: --loglevel debug"`
}

// Mistakes are what is wrong with the global flags.
func (g Globals) Mistakes() Mistakes {
	var mistakes Mistakes
	if g.Project != "" {
		if err := new(annotations.Intent).Set(annotations.ProjectKey, g.Project); err != nil {
			mistakes = append(mistakes, "--project "+g.Project+" "+err.Error())
		}
	}
	if g.Namespace != "" && len(validation.IsDNS1123Label(g.Namespace)) > 0 {
		mistakes = append(mistakes, "--namespace "+g.Namespace+" is no name of a namespace: write lower case letters, digits and '-'")
	}
	return mistakes
}

// An Invocation is one run of the program.
type Invocation struct {
	Globals
	Words          []string // after --
	Version        string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// ConnectOptions say how to reach the cluster.
func (i *Invocation) ConnectOptions() kube.ConnectOptions {
	return kube.ConnectOptions{Kubeconfig: i.Kubeconfig, Context: i.Context, UserAgent: "runai/" + i.Version, Log: i.logger(), Warn: i.Warn}
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

// Scope is where the command acts.
func (i *Invocation) Scope(client *kube.Client) kube.Scope {
	return kube.ScopeOf(i.Project, i.Namespace, client.Namespace)
}

// Warn tells what is legal but surprising.
func (i *Invocation) Warn(text string) {
	if i.level() <= slog.LevelWarn {
		fmt.Fprintln(i.Stderr, "Warning:", text)
	}
}

// Note tells what is good to know.
func (i *Invocation) Note(text string) {
	if i.level() <= slog.LevelInfo {
		fmt.Fprintln(i.Stderr, text)
	}
}

func (i *Invocation) level() slog.Level {
	var level slog.Level
	_ = level.UnmarshalText([]byte(i.LogLevel)) // the flag accepts levels only
	return level
}

func (i *Invocation) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(i.Stderr, &slog.HandlerOptions{Level: i.level()}))
}

// Mistakes are what is wrong with a command line, one line each; nothing was sent.
type Mistakes []string

func (m Mistakes) Error() string { return strings.Join(m, "\n") }

// Failure is why a command could not do what it was asked for, one line for each cause.
type Failure []string

func (f Failure) Error() string { return strings.Join(f, "\n") }

// OrNil is the failure as an error, if there is a cause.
func (f Failure) OrNil() error {
	if len(f) == 0 {
		return nil
	}
	return f
}

// Failed makes a failure of a text with a line for each cause.
func Failed(text string) Failure { return strings.Split(text, "\n") }
