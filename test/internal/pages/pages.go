// Package pages reads the commands in the pages of docs, so that tests can run them.
package pages

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
)

// A Command is a block of shell commands in a page.
type Command struct {
	Text string
	// Prints is what the page says that it prints, and Partly whether other programs print more before that.
	Prints string
	Partly bool
}

var (
	heading  = regexp.MustCompile(`(?m)^(#+) (.*)\n`)
	commands = regexp.MustCompile("(?s)```sh\n(.*?)```\n(?:\n([^\n`|#]*\\bprints\\b[^\n]*)\n\n```text\n(.*?)```\n)?")
)

// Commands returns the commands in a section of a page in docs, including those in the sections below it.
func Commands(t testing.TB, page, section string) []Command {
	t.Helper()
	var all []Command
	for _, match := range commands.FindAllStringSubmatch(Section(t, page, section), -1) {
		all = append(all, Command{Text: match[1], Prints: match[3], Partly: strings.Contains(match[2], "after what")})
	}
	if len(all) == 0 {
		t.Fatalf("%s has no commands in the section %q", page, section)
	}
	return all
}

// Section returns the text below a heading of a page in docs, up to the next one of the same level or above. It fails the
// test if the page has no such heading.
func Section(t testing.TB, page, title string) string {
	t.Helper()
	root, err := binaries.RepositoryRoot()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "docs", page))
	if err != nil {
		t.Fatal(err)
	}
	section := sectionOf(string(text), title)
	if section == "" {
		t.Fatalf("%s has no section %q", page, title)
	}
	return section
}

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
