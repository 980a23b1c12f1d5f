package main

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/jobs"
	"github.com/runai-mpi/runai-mpi/cli/submit"
	"github.com/runai-mpi/runai-mpi/shared/suggest"
)

// The parser's own errors, which have no types.
var (
	unknownFlag   = regexp.MustCompile(`^unknown flag (--?[^\s,]+)`)
	flagOfDefault = regexp.MustCompile(`^flag (--\S+) applies to the default command ".*", not "(.*)"$`)
	unexpectedArg = regexp.MustCompile(`(?s)^unexpected argument (.*?)(?:, did you mean .*)?$`)
	missingArg    = regexp.MustCompile(`^(?:expected "|missing positional arguments )<(\w+)>`)
	notInEnum     = regexp.MustCompile(`^(\S+) must be one of (.*) but got (".*")$`)
)

// explainUsage rephrases an error of the parser. It removes the prefix that the parser adds to a complete message.
func explainUsage(err error, root *kong.Node) string {
	var usage invocation.UsageError
	if errors.As(err, &usage) {
		return string(usage)
	}
	command, args := root, []string(nil)
	var parseError *kong.ParseError
	if errors.As(err, &parseError) && parseError.Context != nil {
		command, args = lastCommand(parseError.Context, root), parseError.Context.Args
	}
	message := err.Error()
	if match := notInEnum.FindStringSubmatch(message); match != nil {
		value, err := strconv.Unquote(match[3])
		if err != nil {
			value = match[3]
		}
		return invocation.NotOneOf(match[1], value, enumValues(match[2])...)
	}
	if match := flagOfDefault.FindStringSubmatch(message); match != nil {
		return fmt.Sprintf("unknown flag %s for %q", match[1], pathOf(command)+" "+match[2])
	}
	if match := unknownFlag.FindStringSubmatch(message); match != nil {
		return explainFlag(match[1], orDefault(command), root, args)
	}
	if match := unexpectedArg.FindStringSubmatch(message); match != nil {
		return explainArgument(match[1], command, args)
	}
	if match := missingArg.FindStringSubmatch(message); match != nil {
		return fmt.Sprintf("missing %s for %q: see '%s --help'", match[1], pathOf(command), pathOf(command))
	}
	if strings.HasPrefix(message, "expected ") {
		return fmt.Sprintf("missing command for %q: see '%s --help'", pathOf(command), pathOf(command))
	}
	return message + ": see 'runai --help'"
}

func explainFlag(flag string, command, root *kong.Node, args []string) string {
	if name, _, _ := strings.Cut(flag, "="); strings.Trim(name, "-") != "" {
		flag = name
	}
	unknown, name := fmt.Sprintf("unknown flag %s for %q", flag, pathOf(command)), strings.TrimLeft(flag, "-")
	if why, isNewer := newerFlags[name]; isNewer && command.Target.Type() == reflect.TypeFor[submit.Command]() {
		return unknown + ": " + why
	}
	at := slices.IndexFunc(args, func(arg string) bool { return strings.HasPrefix(arg, flag) })
	if program := programIn(args[:max(at, 0)]); wordsOf(command) != "" && program >= 0 {
		return unknown + ": " + afterDashes(args[program:])
	}
	if other := owner(name, root); other != "" && strings.HasPrefix(flag, "--") {
		unknown += fmt.Sprintf(": it is a flag of %q", other)
	}
	return unknown + hint("--", name, flagNames(command))
}

// programIn returns the index of a command of the container that does not follow a flag, -1 for none.
func programIn(args []string) int {
	for i := 1; i < len(args); i++ {
		if submit.IsProgram(args[i]) && !strings.HasPrefix(args[i-1], "-") {
			return i
		}
	}
	return -1
}

// afterDashes returns how to run a command in the container, of which the first words are shown.
func afterDashes(words []string) string {
	shown := strings.Join(words[:min(2, len(words))], " ") // no more: the others may be secret
	if len(words) > 2 {
		shown += " …"
	}
	return "put the command and the arguments of the container after --, as in -- " + shown
}

func explainArgument(argument string, command *kong.Node, args []string) string {
	isTyped := slices.ContainsFunc(append([]string{command.Name}, command.Aliases...), func(name string) bool { return slices.Contains(args, name) })
	if parent := command.Parent; parent != nil && parent.DefaultCmd == command && len(command.Positional) == 0 && !isTyped {
		command = parent // the parser takes list projcts for list jobs projcts
	}
	names := childNames(command)
	unexpected := fmt.Sprintf("unexpected argument %q for %q", argument, pathOf(command))
	before, at := "", slices.Index(args, argument)
	if at > 0 {
		before = args[at-1]
	}
	switch {
	case wordsOf(command) != "" && at >= 0 && submit.IsProgram(before):
		return unexpected + ": " + afterDashes(args[at-1:])
	case command.Target.IsValid() && command.Target.Type() == reflect.TypeFor[submit.Resubmit]() && !submit.IsProgram(argument):
		return unexpected + ": name the new job with --name, and put the arguments of the container after --"
	case wordsOf(command) != "" && at >= 0:
		return unexpected + ": " + afterDashes(args[at:])
	case len(command.Positional) > 0 && slices.Contains(typesOfJobs, strings.ToLower(before)):
		return fmt.Sprintf("%s: use '%s %s'", unexpected, pathOf(command), argument)
	case len(names) == 0 && isList(command):
		return fmt.Sprintf("%s: use 'runai describe %s'", unexpected, argument)
	case len(names) == 0:
		return unexpected
	}
	unknown := fmt.Sprintf("unknown command %q for %q", argument, pathOf(command))
	if command.Parent != nil {
		unknown += ": must be " + suggest.OneOf(names...)
		nearest := hint("", argument, names)
		if nearest == "" && isList(orDefault(command)) {
			return fmt.Sprintf("%s; to show a job, use 'runai describe %s'", unknown, argument)
		}
		return unknown + nearest
	}
	unknown += ": see 'runai --help'"
	if meant := otherWord(argument); meant != "" {
		return unknown + "\nDid you mean " + meant + "?"
	}
	return unknown + hint("", argument, names)
}

// isList reports whether a command lists jobs. It takes no names of jobs, but kubectl get does.
func isList(command *kong.Node) bool {
	return command.Target.IsValid() && command.Target.Type() == reflect.TypeFor[jobs.List]()
}

// typesOfJobs are what kubectl calls a job.
var typesOfJobs = []string{"job", "jobs", "mpijob", "mpijobs"}

// enumValues returns the values of an enum, "a","b","c". It leaves out the empty value, which is that of a flag that
// is not set, and wide, which the original accepts for describe and which has no effect.
func enumValues(enum string) []string {
	values := strings.Split(strings.ReplaceAll(enum, `"`, ""), ",")
	return slices.DeleteFunc(values, func(value string) bool { return value == "" || value == "wide" })
}

// hint returns a second line with the nearest known word, "" if none is near.
func hint(prefix, word string, known []string) string {
	nearest := suggest.Nearest(word, known)
	if nearest == "" {
		return ""
	}
	return "\nDid you mean " + prefix + nearest + "?"
}

// lastCommand returns the last command that was parsed before the error.
func lastCommand(context *kong.Context, root *kong.Node) *kong.Node {
	command := root
	for _, path := range context.Path {
		if path.Command != nil {
			command = path.Command
		}
	}
	return command
}

// pathOf returns the words that select a command: runai submit-mpi.
func pathOf(command *kong.Node) string {
	if command.Parent == nil {
		return command.Name
	}
	return pathOf(command.Parent) + " " + command.Name
}

func childNames(command *kong.Node) []string {
	var names []string
	for _, child := range command.Children {
		if !child.Hidden {
			names = append(names, child.Name)
		}
	}
	return names
}

// flagNames returns the flags that a command accepts, including the global ones.
func flagNames(command *kong.Node) []string {
	var names []string
	for _, group := range command.AllFlags(true) {
		for _, flag := range group {
			names = append(names, flag.Name)
		}
	}
	return names
}
