package completion

import (
	"context"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/output"
)

// IsRequest reports whether a script of a shell calls the program.
func IsRequest(args []string) bool {
	return len(args) > 0 && (args[0] == cobra.ShellCompRequestCmd || args[0] == cobra.ShellCompNoDescRequestCmd)
}

// Answer prints how a command line, whose last word is incomplete, can continue. It separates a
// description by a tab, so that stdout must not escape it; names from elsewhere have only plain characters.
func Answer(ctx context.Context, grammar *kong.Node, args []string, userAgent string, stdout io.Writer) error {
	if slices.Contains(args[:len(args)-1], "--") { // what follows belongs to the container
		_, err := fmt.Fprintf(stdout, ":%d\n", cobra.ShellCompDirectiveDefault)
		return err
	}
	root := tree{source{userAgent}}.command(grammar)
	root.SetHelpCommand(root.Commands()[0]) // else cobra adds its own, which the grammar does not have
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(io.Discard)
	return root.ExecuteContext(ctx)
}

// A tree copies the grammar for the library.
type tree struct{ source source }

func (t tree) command(node *kong.Node) *cobra.Command {
	command := &cobra.Command{
		Use: node.Name, Aliases: node.Aliases, Short: firstSentence(node.Help), Hidden: node.Hidden,
		Run: func(*cobra.Command, []string) {}, SilenceErrors: true, SilenceUsage: true,
	}
	t.flags(command, command.PersistentFlags(), node.Flags)
	positional := node.Positional
	if node.DefaultCmd != nil { // runai list has the flags and arguments of runai list jobs
		t.flags(command, command.Flags(), node.DefaultCmd.Flags)
		positional = node.DefaultCmd.Positional
	}
	command.ValidArgsFunction = t.arguments(positional)
	for _, child := range node.Children {
		command.AddCommand(t.command(child))
	}
	return command
}

func (t tree) flags(command *cobra.Command, set *pflag.FlagSet, flags []*kong.Flag) {
	for _, flag := range flags {
		for i, name := range append([]string{flag.Name}, flag.Aliases...) {
			short := ""
			if flag.Short != 0 && i == 0 {
				short = string(flag.Short)
			}
			added := set.VarPF(newWord(flag.Value), name, short, firstSentence(flag.Help))
			added.Hidden = flag.Hidden || i > 0
			if flag.IsBool() || isDryRun(flag.Value) { // the next word is not its value
				added.NoOptDefVal = "true"
			}
			_ = command.RegisterFlagCompletionFunc(name, t.values(flag.Value)) // fails only for a flag that does not exist
		}
	}
}

// arguments completes the arguments of a command.
func (t tree) arguments(positional []*kong.Positional) cobra.CompletionFunc {
	return func(command *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		n := len(args)
		if last := len(positional) - 1; last >= 0 && positional[last].IsCumulative() {
			n = min(n, last)
		}
		if n >= len(positional) {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return t.values(positional[n])(command, args, typed)
	}
}

// values completes a value of the grammar: by its enum, by its type, or by its tag complete, which lists values, or names
// what the cluster or the kubeconfig has.
func (t tree) values(value *kong.Value) cobra.CompletionFunc {
	named := value.Tag.Get("complete")
	switch {
	case value.Enum != "":
		return fixed(value.EnumSlice())
	case value.Target.Type() == reflect.TypeFor[output.Format]():
		return fixed(output.Formats(value.Tag.Get("formats")))
	case isDryRun(value):
		return fixed(invocation.DryRuns)
	case named == "files" || value.Tag.Type == "path" || value.Tag.Type == "existingfile":
		return nil // the shell's own
	case strings.Contains(named, ","):
		return fixed(strings.Split(named, ","))
	case value.IsBool():
		return fixed([]string{"true", "false"})
	}
	return t.source.names(named)
}

func isDryRun(value *kong.Value) bool {
	return value.Target.Type() == reflect.TypeFor[invocation.DryRun]()
}

func fixed[T ~string](values []T) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, typed string) (found []cobra.Completion, _ cobra.ShellCompDirective) {
		for _, value := range values {
			if value != "" && strings.HasPrefix(string(value), typed) {
				found = append(found, string(value))
			}
		}
		if len(found) == 1 && strings.HasSuffix(found[0], "=") { // the rest follows without a space
			return found, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
		}
		return found, cobra.ShellCompDirectiveNoFileComp
	}
}

// A word is the value of a flag as it was typed. The library knows by its type whether a flag can be repeated.
type word struct{ text, kind string }

func newWord(value *kong.Value) *word {
	switch {
	case value.IsCumulative():
		return &word{kind: "stringArray"}
	case value.IsBool():
		return &word{kind: "bool", text: "false"}
	}
	return &word{kind: "string"}
}

func (w *word) String() string { return w.text }

func (w *word) Set(text string) error {
	w.text = text
	return nil
}

func (w *word) Type() string { return w.kind }

func firstSentence(help string) string {
	sentence, _, _ := strings.Cut(help, ". ")
	return strings.TrimSuffix(sentence, ".")
}
