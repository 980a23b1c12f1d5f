package main

import (
	"slices"
	"strings"
)

// alignOldSyntax rewrites what older versions understood: --command sh --args -c, without a --, names
// the command and its arguments by flags. With a --, --command is the flag of today; one with a value
// other than a boolean is always the old one.
func alignOldSyntax(args []string, hasWords bool) []string {
	var aligned []string
	for i := 0; i < len(args); i++ {
		name, value, hasValue := strings.Cut(args[i], "=")
		switch {
		case name == "--command" && hasValue && !isBoolean(value):
			aligned = append(aligned, "--old-command="+value)
		case name == "--command" && !hasValue && !hasWords && i+1 < len(args) && !looksLikeFlag.MatchString(args[i+1]):
			i++
			aligned = append(aligned, "--old-command="+args[i])
		case name == "--args" && !hasValue && i+1 < len(args): // its value may begin with a hyphen
			i++
			aligned = append(aligned, "--args="+args[i])
		default:
			aligned = append(aligned, args[i])
		}
	}
	return aligned
}

func isBoolean(text string) bool {
	return slices.Contains([]string{"true", "false", "1", "0", "yes", "no"}, strings.ToLower(text))
}
