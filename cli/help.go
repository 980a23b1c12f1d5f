package main

import (
	"fmt"
	"slices"

	"github.com/alecthomas/kong"
)

// commandGroups are the headings of the list of commands.
var commandGroups = []kong.Group{
	{Key: "submit", Title: "Submit"},
	{Key: "follow", Title: "Follow"},
	{Key: "inside", Title: "Inside a job"},
	{Key: "steer", Title: "Steer"},
	{Key: "projects", Title: "Projects and identity"},
	{Key: "other", Title: "Other commands"},
}

// printHelp prints the help of a command, with the flags of every command last. The help of a command that has a
// default, runai list, is also that of the default. The program exits afterwards, so it may change the model.
func printHelp(options kong.HelpOptions, context *kong.Context) error {
	program, command := context.Model, context.Selected()
	for node := lastCommand(context, program.Node); node != program.Node; node = node.Parent {
		node.Group = nil // the headings are for the list of all commands
	}
	if command == nil {
		return kong.DefaultHelpPrinter(options, context)
	}
	usage := fmt.Sprintf("Usage: %s %s", program.Name, summary(command))
	if standard := command.DefaultCmd; standard != nil {
		usage = fmt.Sprintf("Usage: %s [%s] %s", pathOf(command), standard.Name, summary(standard)[len(standard.Path())+1:])
		command.Help, command.Detail, command.Positional, command.Flags = standard.Help, standard.Detail, standard.Positional, standard.Flags
		command.Children = slices.DeleteFunc(command.Children, func(child *kong.Node) bool { return child == standard })
	}
	command.Flags, program.Flags = slices.Concat(command.Flags, program.Flags), nil
	fmt.Fprintln(context.Stdout, usage)
	options.NoAppSummary = true
	return kong.DefaultHelpPrinter(options, context)
}

// summary returns the usage of a command, with the words after -- if it takes some.
func summary(command *kong.Node) string {
	if words := wordsOf(command); words != "" {
		return command.Summary() + " [-- " + words + "]"
	}
	return command.Summary()
}

// wordsOf returns what a command takes after --, "" for nothing. It is a tag of the command.
func wordsOf(command *kong.Node) string {
	if command.Tag == nil {
		return ""
	}
	return command.Tag.Get("words")
}

// askForHelp returns arguments that ask for help in today's syntax: for none, as with gh and kubectl, and for help
// list.
func askForHelp(args []string) []string {
	switch {
	case len(args) == 0:
		return []string{"--help"}
	case args[0] == "help":
		return append(slices.Clone(args[1:]), "--help")
	}
	return args
}
