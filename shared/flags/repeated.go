// Package flags has what the command lines of both programs share.
package flags

import "github.com/alecthomas/kong"

// Repeated returns an error for each flag that was set twice and keeps only one value: the parser would take the
// last one silently.
func Repeated(parsed *kong.Context) []string {
	var repeated []string
	times := map[*kong.Flag]int{}
	for _, path := range parsed.Path {
		flag := path.Flag
		if flag == nil || flag.IsCumulative() {
			continue
		}
		if times[flag]++; times[flag] == 2 {
			repeated = append(repeated, "--"+flag.Name+" is set twice: remove one of them")
		}
	}
	return repeated
}
