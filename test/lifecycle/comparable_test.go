package lifecycle

import (
	"regexp"
	"strings"
)

var (
	spaces = regexp.MustCompile(`[ \t]+`)
	ages   = regexp.MustCompile(`\b\d+(ms|s|m\d+s|m|h)\b`)
)

// comparable returns what a command prints, without what differs each time.
func comparable(text string) string {
	var lines []string
	for line := range strings.Lines(strings.TrimSpace(text)) {
		lines = append(lines, ages.ReplaceAllString(spaces.ReplaceAllString(strings.TrimSpace(line), " "), "AGE"))
	}
	return strings.Join(lines, "\n")
}
