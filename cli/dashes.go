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
func checkDashes(args []string, command, root *kong.Node) (mistakes invocation.Mistakes) {
	known := flagNames(command)
	for _, arg := range args {
		if arg == "-it" && !takesBoth(command) { // of docker and kubectl; -i is the image of submit-mpi
			mistakes = append(mistakes, fmt.Sprintf("unknown flag -it for %q", pathOf(command))+terminalHint(known))
		}
		if match := foreignDash.FindStringSubmatch(arg); match != nil {
			mistakes = append(mistakes, fmt.Sprintf("unknown flag %s: it begins with a dash, not a hyphen\nDid you mean %s?", arg, withHyphens(match[1])))
		}
		if match := oneHyphen.FindStringSubmatch(arg); match != nil {
			if slices.Contains(known, match[1]) {
				mistakes = append(mistakes, fmt.Sprintf("unknown flag -%s\nDid you mean --%s?", match[1], match[1]))
			} else if other := owner(match[1], root); other != "" {
				mistakes = append(mistakes, fmt.Sprintf("unknown flag -%s for %q: --%s is a flag of %q", match[1], pathOf(command), match[1], other))
			}
		}
	}
	return mistakes
}

// takesBoth reports whether a command has the switches -i and -t.
func takesBoth(command *kong.Node) bool {
	switches := 0
	for _, flag := range command.Flags {
		if flag.IsBool() && (flag.Short == 'i' || flag.Short == 't') {
			switches++
		}
	}
	return switches == 2
}

func terminalHint(known []string) string {
	if slices.Contains(known, "stdin") && slices.Contains(known, "tty") {
		return "\nDid you mean --stdin --tty?"
	}
	return ""
}

// withHyphens returns a flag with one hyphen if it is a letter, else with two.
func withHyphens(flag string) string {
	if name, _, _ := strings.Cut(flag, "="); len(name) == 1 {
		return "-" + flag
	}
	return "--" + flag
}
