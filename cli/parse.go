package main

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/alecthomas/kong"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/output"
	"github.com/runai-mpi/runai-mpi/cli/submit"
	"github.com/runai-mpi/runai-mpi/shared/version"
)

// namesOfOthers are the first words of the hidden names of commands.
var namesOfOthers = []string{"project", "mpi", "mj", "training", "submit-dist"}

// grammarOf returns all commands, or only those that help shows if no argument can be another name: most of the time
// that a short command takes is that of reading the grammar.
func grammarOf(args []string, all *withOtherNames) any {
	if slices.ContainsFunc(args, func(arg string) bool { return slices.Contains(namesOfOthers, arg) }) {
		return all
	}
	return &all.commands
}

func newParser(grammar any) *kong.Kong {
	parser := kong.Must(grammar,
		kong.Name(programName(os.Args[0])),
		kong.Description("Submit distributed training as MPIJobs."),
		kong.WithHyphenPrefixedParameters(true), // -g -1 has a bad value, not a missing one
		kong.TypeMapper(reflect.TypeFor[string](), kong.MapperFunc(decodeString)),
		kong.TypeMapper(reflect.TypeFor[output.Format](), kong.MapperFunc(decodeFormat)),
		kong.TypeMapper(reflect.TypeFor[invocation.DryRun](), kong.MapperFunc(decodeDryRun)),
		kong.KindMapper(reflect.Bool, boolMapper{}),
		kong.ExplicitGroups(slices.Concat(commandGroups, submit.Groups())),
		kong.Help(printHelp),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, WrapUpperBound: 100}),
		kong.Vars{"version": version.String()},
	)
	parser.Model.HelpFlag.Help = "Show help."
	submit.ExplainResubmit(parser.Model.Leaves(false))
	parser.Model.HelpFlag.Group = parser.Model.Flags[1].Group
	return parser
}

var looksLikeFlag = regexp.MustCompile(`^--?[A-Za-z]`)

// decodeString refuses a flag in place of a value: in -i --processes=2 the image is missing.
func decodeString(context *kong.DecodeContext, target reflect.Value) error {
	token := context.Scan.Pop()
	if token.IsEOL() {
		return invocation.UsageError("missing value for " + context.Value.ShortSummary() + exampleOf(context.Value))
	}
	if token.Type != kong.FlagValueToken && looksLikeFlag.MatchString(token.String()) {
		return invocation.UsageError(fmt.Sprintf("missing value for %s before %q%s", context.Value.ShortSummary(), token.String(), exampleOf(context.Value)))
	}
	value := token.String()
	if token.Type == kong.ShortFlagTailToken {
		value = strings.TrimPrefix(value, "=") // -g=1, which other programs accept
	}
	if value == "" && context.Value.Tag.Has("filled") { // of a variable that is not set: -p "$PROJECT"
		name := context.Value.ShortSummary()
		if context.Value.Flag == nil {
			name = context.Value.Name
		}
		return invocation.UsageError("missing value for " + name + exampleOf(context.Value))
	}
	target.SetString(value)
	return nil
}

// decodeFormat reads the value of --output. It refuses templates that cannot be read.
func decodeFormat(context *kong.DecodeContext, target reflect.Value) error {
	if err := decodeString(context, target); err != nil {
		return err
	}
	format, flag := target.Interface().(output.Format), context.Value
	if mistake := format.Mistake("--"+flag.Name, flag.Tag.Get("formats")); mistake != "" {
		return invocation.UsageError(mistake)
	}
	return nil
}

// decodeDryRun reads --dry-run, which means client without a value: it had none in the original.
func decodeDryRun(context *kong.DecodeContext, target reflect.Value) error {
	next := context.Scan.Peek()
	isValue := slices.Contains(invocation.DryRuns, invocation.DryRun(next.String()))
	if next.Type != kong.FlagValueToken && !isValue {
		target.SetString(string(invocation.DryRunClient))
		return nil
	}
	value := context.Scan.Pop().String()
	if !isValue {
		return invocation.UsageError(invocation.NotOneOf("--"+context.Value.Name, value, invocation.DryRuns...))
	}
	target.SetString(value)
	return nil
}

// exampleOf returns the first example in the help of a flag, "" if it has none.
func exampleOf(flag *kong.Value) string {
	match := helpExample.FindStringSubmatch(flag.Help)
	if match == nil {
		return ""
	}
	return ", for example " + match[1]
}

var helpExample = regexp.MustCompile(`Examples?: (.*?)(?:, -.*)?$`)

var wholeNumber = regexp.MustCompile(`^[0-9]+$`)

// boolMapper reads switches: --stdin, --stdin=false. It refuses --stdin false, which would be the name of the job.
type boolMapper struct{}

func (boolMapper) IsBool() bool { return true }

func (boolMapper) Decode(context *kong.DecodeContext, target reflect.Value) error {
	value, flag := "true", context.Value.ShortSummary()
	switch next := context.Scan.Peek(); {
	case next.Type == kong.FlagValueToken:
		value = fmt.Sprint(context.Scan.Pop().Value)
	case next.Type != kong.UntypedToken:
	case isBoolean(next.String()):
		return invocation.UsageError(fmt.Sprintf("unexpected %q after %s: use %s=%s", next.String(), flag, flag, next.String()))
	case wholeNumber.MatchString(next.String()):
		return invocation.UsageError(fmt.Sprintf("unexpected %q after %s, which is true or false", next.String(), flag))
	}
	if !isBoolean(value) {
		return invocation.UsageError(invocation.BadValue(flag, value, "must be true or false"))
	}
	target.SetBool(slices.Contains(trueWords, strings.ToLower(value)))
	return nil
}

// checkText refuses arguments that JSON cannot carry, because the cluster would get other characters. It
// does not quote the argument, which may be a secret.
func checkText(args []string) error {
	var mistakes invocation.Mistakes
	for i, arg := range args {
		if !utf8.ValidString(arg) {
			mistakes = append(mistakes, fmt.Sprintf("argument %d is not valid UTF-8", i+1))
		}
	}
	if len(mistakes) > 0 {
		return mistakes
	}
	return nil
}

// splitWords returns the arguments of runai and the words after --, which belong to the container.
func splitWords(args []string) (own, words []string) {
	i := slices.Index(args, "--")
	if i < 0 {
		return args, nil
	}
	return args[:i], args[i+1:]
}
