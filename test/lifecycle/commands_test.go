package lifecycle

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// A command is a block of shell commands in a page.
type command struct {
	text string
	// prints is what the page says that it prints, and partly whether other programs print more before that.
	prints string
	partly bool
}

var (
	heading  = regexp.MustCompile(`(?m)^(#+) (.*)\n`)
	commands = regexp.MustCompile("(?s)```sh\n(.*?)```\n(?:\n([^\n`|#]*\\bprints\\b[^\n]*)\n\n```text\n(.*?)```\n)?")
)

// commandsIn returns the commands in a section of a page, including those in the sections below it.
func commandsIn(t *testing.T, page, section string) []command {
	t.Helper()
	text, err := os.ReadFile("../../docs/" + page)
	if err != nil {
		t.Fatal(err)
	}
	var all []command
	for _, match := range commands.FindAllStringSubmatch(sectionOf(string(text), section), -1) {
		all = append(all, command{text: match[1], prints: match[3], partly: strings.Contains(match[2], "after what")})
	}
	if len(all) == 0 {
		t.Fatalf("%s has no commands in the section %q", page, section)
	}
	return all
}

// sectionOf returns the text below a heading, up to the next one of the same level or above, or "".
func sectionOf(text, title string) string {
	level, begin := 0, 0
	outside := regexp.MustCompile("(?s)```.*?```").ReplaceAllStringFunc(text, func(block string) string {
		return strings.Repeat(" ", len(block)) // a comment in a block is not a heading
	})
	for _, match := range heading.FindAllStringSubmatchIndex(outside, -1) {
		switch depth := match[3] - match[2]; {
		case level > 0 && depth <= level:
			return text[begin:match[0]]
		case level == 0 && outside[match[4]:match[5]] == title:
			level, begin = depth, match[1]
		}
	}
	if level == 0 {
		return ""
	}
	return text[begin:]
}

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
