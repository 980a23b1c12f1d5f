package main

import (
	"slices"
	"strings"
)

// alignOldSyntax rewrites the syntax of older versions, in which --command sh --args -c, without a --,
// set the command and its arguments. After a --, --command is today's switch. One with a value that is
// not a boolean is always the old one; the parser refuses --command true, which could be either.
func alignOldSyntax(args []string, hasWords bool) []string {
	var aligned []string
	for i := 0; i < len(args); i++ {
		name, value, hasValue := strings.Cut(args[i], "=")
		switch {
		case name == "--command" && hasValue && !isBoolean(value):
			aligned = append(aligned, "--old-command="+value)
		case name == "--command" && !hasValue && !hasWords && i+1 < len(args) && !looksLikeFlag.MatchString(args[i+1]) && !isBoolean(args[i+1]):
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

var trueWords, falseWords = []string{"true", "1", "yes"}, []string{"false", "0", "no"}

func isBoolean(text string) bool {
	return slices.Contains(slices.Concat(trueWords, falseWords), strings.ToLower(text))
}
