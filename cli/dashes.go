package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
)

var (
	// foreignDash matches a flag whose first hyphen is a dash or a minus sign, as pages and chats write it.
	foreignDash = regexp.MustCompile(`^-?[\x{2010}-\x{2015}\x{2212}\x{fe58}\x{fe63}\x{ff0d}][-\x{2010}-\x{2015}\x{2212}]*([A-Za-z].*)$`)
	oneHyphen   = regexp.MustCompile(`^-([A-Za-z][A-Za-z-]+)(?:=.*)?$`)
)

// checkDashes refuses flags that would be read as something else: -image x as -i mage and the name x of the job, and
// –processes=2, copied from a page, as the name.
func checkDashes(args []string, program *kong.Node) (mistakes invocation.Mistakes) {
	known, command := longFlags(program), commandOf(args, program)
	for _, arg := range args {
		if arg == "-it" && takesValue(command, "-i") { // of docker and kubectl; -i is the image
			mistakes = append(mistakes, "unknown flag -it\nDid you mean --stdin --tty?")
		}
		if match := foreignDash.FindStringSubmatch(arg); match != nil {
			mistakes = append(mistakes, fmt.Sprintf("unknown flag %s: it begins with a dash, not a hyphen\nDid you mean %s?", arg, withHyphens(match[1])))
		}
		if match := oneHyphen.FindStringSubmatch(arg); match != nil && slices.Contains(known, match[1]) {
			mistakes = append(mistakes, fmt.Sprintf("unknown flag -%s\nDid you mean --%s?", match[1], match[1]))
		}
	}
	return mistakes
}

// withHyphens returns a flag with one hyphen if it is a letter, else with two.
func withHyphens(flag string) string {
	if name, _, _ := strings.Cut(flag, "="); len(name) == 1 {
		return "-" + flag
	}
	return "--" + flag
}

// longFlags returns the names of the flags of all commands.
func longFlags(program *kong.Node) []string {
	var names []string
	for _, flag := range program.Flags {
		names = append(append(names, flag.Name), flag.Aliases...)
	}
	for _, command := range program.Children {
		names = append(names, longFlags(command)...)
	}
	return names
}
