package main

import (
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/alecthomas/kong"

	"github.com/runai-mpi/runai-mpi/test/golden"
)

const widest = 100 // columns of help

// The help of every command that is not hidden, on a terminal of any width.
func TestHelp(t *testing.T) {
	for _, command := range shownCommands(newParser(&commands{}).Model.Node) {
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
