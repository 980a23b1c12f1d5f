package docgen

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// Commands describes each command of a program and its flags, then the flags of every command.
func Commands(program *kong.Application) string {
	var page strings.Builder
	for _, command := range program.Leaves(true) {
		writeCommand(&page, command)
	}
	page.WriteString("\n## Flags of every command\n")
	writeFlags(&page, program.Flags)
	return page.String()
}

func writeCommand(page *strings.Builder, command *kong.Node) {
	fmt.Fprintf(page, "\n## %s\n\n%s\n", commandName(command), command.Help)
	if others := otherNames(command); len(others) > 0 {
		fmt.Fprintf(page, "\nThe same: %s.\n", Code(others...))
	}
	if len(command.Positional) > 0 {
		var rows [][]string
		for _, argument := range command.Positional {
			rows = append(rows, []string{Code(argument.Summary()), argument.Help})
		}
		page.WriteString("\n" + Table([]string{"argument", "meaning"}, rows))
	}
	writeFlags(page, command.Flags)
}

// commandName returns what users type to run a command: the names of its parents and its own.
func commandName(node *kong.Node) string {
	if node.Parent == nil {
		return node.Name
	}
	return commandName(node.Parent) + " " + node.Name
}

// otherNames returns the other ways to run a command: its aliases, and only its parent if it
// is the default there.
func otherNames(command *kong.Node) []string {
	parent := commandName(command.Parent)
	var names []string
	for _, alias := range command.Aliases {
		names = append(names, parent+" "+alias)
	}
	if command.Parent.DefaultCmd == command {
		names = append(names, parent)
	}
	return names
}

// writeFlags writes a table for each group of flags.
func writeFlags(page *strings.Builder, flags []*kong.Flag) {
	var title string
	var rows [][]string
	flush := func() {
		if len(rows) == 0 {
			return
		}
		if title != "" {
			fmt.Fprintf(page, "\n### %s\n", title)
		}
		page.WriteString("\n" + Table([]string{"flag", "meaning"}, rows))
		rows = nil
	}
	for _, flag := range flags {
		if flag.Hidden {
			continue
		}
		if group := groupTitle(flag); group != title {
			flush()
			title = group
		}
		rows = append(rows, []string{Code(FlagName(flag)), flagHelp(flag)})
	}
	flush()
}

func groupTitle(flag *kong.Flag) string {
	if flag.Group == nil {
		return ""
	}
	return flag.Group.Title
}

// FlagName returns the flag as users type it, followed by its value as the help shows it.
func FlagName(flag *kong.Flag) string {
	name := "--" + flag.Name
	if flag.Short != 0 {
		name = "-" + string(flag.Short) + ", " + name
	}
	switch {
	case flag.IsBool() && flag.PlaceHolder != "":
		return name + "[=" + flag.PlaceHolder + "]"
	case flag.IsBool():
		return name
	case flag.PlaceHolder != "":
		return name + " " + flag.PlaceHolder
	}
	return name + " " + strings.ToUpper(flag.Name)
}

// flagHelp returns the help of a flag. Before its examples, it adds that the flag is required, or its default.
func flagHelp(flag *kong.Flag) string {
	text, examples, found := strings.Cut(flag.Help, " Example")
	if flag.Required {
		text += " Required."
	}
	saysDefault := strings.Contains(text, "Default:") || strings.Contains(text, "Without it")
	if flag.HasDefault && flag.Default != "" && !saysDefault {
		text += " Default: " + Code(flag.Default) + "."
	}
	if found {
		text += " Example" + examples
	}
	return text
}
