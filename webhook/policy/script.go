package policy

import "regexp"

// withoutMeaning matches what a shell skips in our scripts: empty lines and comments, indentation, and comments
// at the end of a line. A text that continues on the next line must not have any of these.
var withoutMeaning = regexp.MustCompile(`(?m)^[ \t]*(?:#.*)?\n|^[ \t]+|[ \t]+# .*$`)

// lean returns a script without comments and indentation: everything that reads or stores a job pays for each byte
// of it. Lines stay lines, for those who describe a pod.
func lean(source string) string { return withoutMeaning.ReplaceAllString(source, "") }
