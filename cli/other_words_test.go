package main

import (
	"slices"
	"strings"
	"testing"
)

// Every word of another program is explained by a command that users can find in the help, and is none itself.
func TestOtherWords(t *testing.T) {
	root := newParser(&withOtherNames{}).Model.Node
	shown := shownCommands(root)
	for word, meant := range otherWords {
		if !slices.Contains(shown, root.Name+" "+meant) {
			t.Errorf("%s: %q is not a command", word, meant)
		}
		if childOf(root, word) != nil || word != strings.ToLower(word) {
			t.Errorf("%s is never explained", word)
		}
		want := "runai: unknown command \"" + word + "\" for \"" + root.Name + "\": see 'runai --help'\nDid you mean " + meant + "?\n"
		if _, stderr, code := runai(t, word); stderr != want || code != 2 {
			t.Errorf("%s: exit code %d\ngot  %swant %s", word, code, stderr, want)
		}
	}
}
