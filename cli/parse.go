package main

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/alecthomas/kong"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/submit"
	"github.com/runai-mpi/runai-mpi/shared/version"
)

func newParser(commands *commands) *kong.Kong {
	parser := kong.Must(commands,
		kong.Name("runai"),
		kong.Description("Submit distributed training as MPIJobs."),
		kong.WithHyphenPrefixedParameters(true), // -g -1 has a bad value, not a missing one
		kong.TypeMapper(reflect.TypeFor[string](), kong.MapperFunc(decodeString)),
		kong.KindMapper(reflect.Bool, boolMapper{}),
		kong.ExplicitGroups(submit.Groups()),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, WrapUpperBound: 120}),
		kong.Vars{"version": version.String()},
	)
	parser.Model.HelpFlag.Help = "Show help."
	return parser
}

var looksLikeFlag = regexp.MustCompile(`^--?[A-Za-z]`)

// decodeString refuses a flag in place of a value: in -i --processes=2 the image is missing.
func decodeString(context *kong.DecodeContext, target reflect.Value) error {
	token := context.Scan.Pop()
	if token.IsEOL() {
		return usageError("missing value for " + context.Value.ShortSummary() + exampleOf(context.Value))
	}
	if token.Type != kong.FlagValueToken && looksLikeFlag.MatchString(token.String()) {
		return usageError(fmt.Sprintf("missing value for %s before %q%s", context.Value.ShortSummary(), token.String(), exampleOf(context.Value)))
	}
	value := token.String()
	if token.Type == kong.ShortFlagTailToken {
		value = strings.TrimPrefix(value, "=") // -g=1, which other programs accept
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

// boolMapper reads switches: --stdin, --stdin=false.
type boolMapper struct{}

func (boolMapper) IsBool() bool { return true }

func (boolMapper) Decode(context *kong.DecodeContext, target reflect.Value) error {
	value := "true"
	if context.Scan.Peek().Type == kong.FlagValueToken {
		value = fmt.Sprint(context.Scan.Pop().Value)
	}
	if !isBoolean(value) {
		return usageError(invocation.BadValue(context.Value.ShortSummary(), value, "must be true or false"))
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
