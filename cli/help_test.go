package main

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/alecthomas/kong"

	"github.com/runai-mpi/runai-mpi/test/golden"
)

const widest = 100 // columns of help

// The help of every command that is not hidden, on a terminal of any width.
func TestHelp(t *testing.T) {
	for _, command := range shownCommands(newParser(&withOtherNames{}).Model.Node) {
		t.Run(command, func(t *testing.T) {
			args := append(strings.Fields(command)[1:], "--help")
			t.Setenv("COLUMNS", "100")
			help, stderr, code := runai(t, args...)
			if code != 0 || stderr != "" {
				t.Fatalf("exit code %d, stderr %q", code, stderr)
			}
			golden.Compare(t, filepath.Join("testdata", "help", strings.ReplaceAll(command, " ", "-")+".txt"), help)
			t.Setenv("COLUMNS", "300")
			if wide, _, _ := runai(t, args...); wide != help {
				t.Errorf("a wider terminal changes the help:\n%s", wide)
			}
			for line := range strings.Lines(help) {
				if width := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); width > widest {
					t.Errorf("%d columns: %s", width, line)
				}
			}
		})
	}
}

// shownCommands returns the words that select each command, beginning with the program.
func shownCommands(node *kong.Node) []string {
	all := []string{pathOf(node)}
	for _, child := range node.Children {
		if !child.Hidden {
			all = append(all, shownCommands(child)...)
		}
	}
	return all
}

// Without a command, the program prints its help, as kubectl and gh do.
func TestBare(t *testing.T) {
	want, _, _ := runai(t, "--help")
	stdout, stderr, code := runai(t)
	if stdout != want || stderr != "" || code != 0 {
		t.Errorf("exit code %d, stderr %q, stdout:\n%s", code, stderr, stdout)
	}
}

// Each command shows one to three examples, which can be typed, and most are of itself.
func TestExamplesOfCommands(t *testing.T) {
	for _, leaf := range newParser(&withOtherNames{}).Model.Leaves(true) {
		typed := exampleCommand.FindAllString(leaf.Detail, -1)
		if len(typed) < 1 || len(typed) > 3 {
			t.Errorf("%s has %d examples", pathOf(leaf), len(typed))
		}
		others := 0
		for _, example := range typed {
			parser := newParser(&withOtherNames{})
			args, behind := splitWords(words(t, between.FindStringSubmatch(example)[1]))
			parsed, err := parser.Parse(alignOldSyntax(args, behind != nil))
			switch {
			case err != nil:
				t.Errorf("%s: %s: %v", pathOf(leaf), example, err)
			case pathOf(parsed.Selected()) != pathOf(leaf):
				others++
			}
		}
		if others > 1 || others == len(typed) {
			t.Errorf("%s shows %d examples of other commands", pathOf(leaf), others)
		}
	}
}

// An example is an indented line of a help. The first command in it can be in <() and before &&, > or a comment.
var exampleCommand, between = regexp.MustCompile(`(?m)^    .*`), regexp.MustCompile(`(runai [^)&>#]*)`)

// What the old job has is in place of the defaults of submit-mpi, and no flag is required.
func TestHelpOfResubmit(t *testing.T) {
	help, _, _ := runai(t, "resubmit", "--help")
	for _, wrong := range []string{"Required. ", "job-N", "Default: job", "Default: 1", "Default: 6", "Default: the image's"} {
		if strings.Contains(help, wrong) {
			t.Errorf("the help of resubmit says %q", wrong)
		}
	}
	submits, _, _ := runai(t, "submit-mpi", "--help")
	for _, right := range []string{"Default: ReadWriteMany", "Default: no limit", "Default: rw", "Default: none"} {
		if !strings.Contains(strings.Join(strings.Fields(help), " "), right) {
			t.Errorf("the help of resubmit does not say %q", right)
		}
	}
	if !strings.Contains(submits, "Required. ") || !strings.Contains(submits, "Default: job-N") {
		t.Errorf("the help of submit-mpi has lost its defaults")
	}
}

// The hidden commands are read if, and only if, an argument may be one of their names.
func TestGrammarOf(t *testing.T) {
	var names []string
	for _, command := range newParser(&withOtherNames{}).Model.Children {
		if command.Hidden {
			names = append(append(names, command.Name), command.Aliases...)
		}
	}
	if want := slices.Sorted(slices.Values(namesOfOthers)); !slices.Equal(slices.Sorted(slices.Values(names)), want) {
		t.Errorf("the hidden commands are %q, want %q", names, want)
	}
	for _, command := range newParser(grammarOf([]string{"list"}, &withOtherNames{})).Model.Children {
		if command.Hidden {
			t.Errorf("%s is read for runai list", command.Name)
		}
	}
}
