package main

import (
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/runai-mpi/runai-mpi/cli/jobs"
)

// markWords puts -- before the command of runai exec NAME COMMAND, which the original and docker take without: its
// flags are not those of runai.
func markWords(args []string, program *kong.Node) []string {
	hasName := false
	for i, arg := range arguments(args, program) {
		switch {
		case arg.command == nil || arg.command.Target.Type() != reflect.TypeFor[jobs.Exec]():
		case hasName:
			return slices.Insert(slices.Clone(args), i, "--")
		case arg.isWord:
			hasName = true
		}
	}
	return args
}

// commandOf returns the command that the arguments select.
func commandOf(args []string, program *kong.Node) *kong.Node {
	command := program
	for _, arg := range arguments(args, program) {
		command = arg.command
	}
	return orDefault(command)
}

// An argument is a word of the command line, with the command that the words up to it select.
type argument struct {
	command *kong.Node
	isWord  bool // is not a command, nor a flag
}

// arguments returns the arguments before --, by their index, except for flags and the values of flags.
func arguments(args []string, program *kong.Node) func(func(int, argument) bool) {
	return func(yield func(int, argument) bool) {
		command, inValue, inArgs := program, false, false
		for i, arg := range args {
			switch {
			case arg == "--":
				return
			case inValue:
				inValue = false
				continue
			case len(arg) > 1 && strings.HasPrefix(arg, "-"):
				inValue = takesValue(command, arg)
				continue
			}
			child := childOf(command, arg)
			inArgs = inArgs || child == nil
			if !inArgs {
				command = child
			}
			if !yield(i, argument{command, inArgs}) {
				return
			}
		}
	}
}

func childOf(command *kong.Node, word string) *kong.Node {
	for _, child := range command.Children {
		if child.Name == word || slices.Contains(child.Aliases, word) {
			return child
		}
	}
	return nil
}

// takesValue reports whether the next argument is the value of a flag: --pod POD, -p PROJECT, -tp PROJECT.
func takesValue(command *kong.Node, arg string) bool {
	if name, isLong := strings.CutPrefix(arg, "--"); isLong {
		flag := flagOf(command, func(flag *kong.Flag) bool { return flag.Name == name || slices.Contains(flag.Aliases, name) })
		return flag != nil && !flag.IsBool()
	}
	letters := []rune(arg[1:])
	for i, letter := range letters {
		if flag := flagOf(command, func(flag *kong.Flag) bool { return flag.Short == letter }); flag != nil && !flag.IsBool() {
			return i == len(letters)-1
		}
	}
	return false
}

func flagOf(command *kong.Node, is func(*kong.Flag) bool) *kong.Flag {
	for ; command != nil; command = command.Parent {
		flags := command.Flags
		if command.DefaultCmd != nil {
			flags = slices.Concat(flags, command.DefaultCmd.Flags)
		}
		if i := slices.IndexFunc(flags, is); i >= 0 {
			return flags[i]
		}
	}
	return nil
}
