package main

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/alecthomas/kong"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/submit"
	"github.com/runai-mpi/runai-mpi/shared/suggest"
	"github.com/runai-mpi/runai-mpi/shared/version"
)

func newParser(commands *commands) *kong.Kong {
	return kong.Must(commands,
		kong.Name("runai"),
		kong.Description("Submit distributed training as MPIJobs."),
		kong.WithHyphenPrefixedParameters(true), // -g -1 is a bad number, not a missing one
		kong.TypeMapper(reflect.TypeFor[string](), kong.MapperFunc(decodeString)),
		kong.ExplicitGroups(submit.Groups()),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, WrapUpperBound: 120}),
		kong.Vars{"version": version.String()},
	)
}

var looksLikeFlag = regexp.MustCompile(`^--?[A-Za-z]`)

// decodeString refuses a flag in the place of a value: -i --processes=2 forgot the image.
func decodeString(context *kong.DecodeContext, target reflect.Value) error {
	token := context.Scan.Pop()
	if token.IsEOL() {
		return errors.New("needs a value")
	}
	if token.Type != kong.FlagValueToken && looksLikeFlag.MatchString(token.String()) {
		return fmt.Errorf("needs a value before %s", token)
	}
	value := token.String()
	if token.Type == kong.ShortFlagTailToken {
		value = strings.TrimPrefix(value, "=") // -g=1, as other programs understand it
	}
	target.SetString(value)
	return nil
}

// checkText refuses what JSON cannot carry: it would arrive as other characters. The argument is not
// repeated, it may be a secret.
func checkText(args []string) error {
	var mistakes invocation.Mistakes
	for i, arg := range args {
		if !utf8.ValidString(arg) {
			mistakes = append(mistakes, fmt.Sprintf("argument %d is no UTF-8 text: write it in UTF-8", i+1))
		}
	}
	if len(mistakes) > 0 {
		return mistakes
	}
	return nil
}

// splitWords takes off what belongs to the container before any of it could be taken for a flag.
func splitWords(args []string) (own, words []string) {
	i := slices.Index(args, "--")
	if i < 0 {
		return args, nil
	}
	return args[:i], args[i+1:]
}

var unknownFlag = regexp.MustCompile(`^unknown flag (--?[^\s,]+)`)

// explainUsage names the flag that was probably meant.
func explainUsage(err error, model *kong.Application) string {
	match := unknownFlag.FindStringSubmatch(err.Error())
	if match == nil {
		return strings.Replace(err.Error(), `one of "",`, "one of ", 1) + ": see runai --help"
	}
	flag, _, _ := strings.Cut(match[1], "=")
	if nearest := suggest.Nearest(strings.TrimLeft(flag, "-"), flagNames(model.Node)); nearest != "" {
		return flag + " is no flag: did you mean --" + nearest + "?"
	}
	return flag + " is no flag: see runai --help"
}

func flagNames(node *kong.Node) []string {
	var names []string
	for _, flag := range node.Flags {
		if !flag.Hidden {
			names = append(names, flag.Name)
		}
	}
	for _, child := range node.Children {
		names = append(names, flagNames(child)...)
	}
	return names
}
