package state

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxWords limits how much of a log is repeated, in characters.
const maxWords = 300

// lastWords returns why a container failed, from the end of its log. It returns the last line. git-sync logs each
// error as a line of JSON, with the command and everything that git printed: from such a line it returns only what
// git said. A last line that is not JSON, such as one about a time limit, is followed by what git had said before.
func lastWords(log string) string {
	lines := strings.Split(strings.TrimSpace(log), "\n")
	last := lines[len(lines)-1]
	if said, isError := gitSyncError(last); isError {
		return shorten(said)
	}
	before := ""
	for _, line := range slices.Backward(lines[:len(lines)-1]) {
		if said, isError := gitSyncError(line); isError {
			before = fmt.Sprintf("; before that, git said: %s", said)
			break
		}
	}
	return shorten(lastLine(last) + before)
}

// gitSyncError returns what an error in git-sync's log says. The first line of a log can be cut off at its beginning.
func gitSyncError(line string) (said string, isError bool) {
	line = strings.TrimSpace(line)
	var entry struct{ Msg, Error, Err string }
	if json.Unmarshal([]byte(line), &entry) == nil {
		text := cmp.Or(entry.Error, entry.Err)
		return saidByGit(text), text != ""
	}
	if !strings.HasSuffix(line, "}") {
		return "", false
	}
	// Of "error":"Run(…): …: { stdout: \"…\", stderr: \"…\" }","failCount":1} at least the end is there.
	rest, _, found := cutLast(line, `\" }"`)
	if !found {
		return "", false
	}
	if _, after, whole := cutLast(rest, `stderr: \"`); whole {
		rest = after
	}
	return wordsOf(unquote(unquote(rest))), true
}

// saidByGit reduces an error of git-sync to the words of git in it: it has the form
// Run(git …): exit status 1: { stdout: "…", stderr: "…" }.
func saidByGit(text string) string {
	before, output, ran := cutLast(strings.TrimSpace(text), `: { stdout: "`)
	if !ran {
		return strings.TrimRight(strings.TrimSpace(text), ".: ")
	}
	if _, stderr, found := cutLast(strings.TrimSuffix(output, `" }`), `stderr: "`); found {
		if said := wordsOf(unquote(stderr)); said != "" {
			return said
		}
	}
	if _, why, found := cutLast(before, "): "); found {
		return why
	}
	return before
}

// wordsOf returns the line of git's output that says why it failed. ssh and servers speak before git does, and
// git's own last words are then always the same.
func wordsOf(output string) string {
	const noWords = "fatal: Could not read from remote repository."
	var previous string
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		switch {
		case line == "":
		case line == noWords && previous != "":
			return strings.TrimRight(previous, ".: ")
		case isCause(line):
			_, words, _ := strings.Cut(line, ": ")
			return strings.TrimRight(words, ".: ")
		default:
			previous = line
		}
	}
	return strings.TrimRight(previous, ".: ")
}

func isCause(line string) bool {
	return slices.ContainsFunc([]string{"fatal: ", "error: ", "ERROR: "}, func(prefix string) bool { return strings.HasPrefix(line, prefix) })
}

// unquote undoes one level of quotes, and drops what is left of an escape that was cut in two.
func unquote(text string) string {
	for ; text != ""; text = text[1:] {
		if plain, err := strconv.Unquote(`"` + text + `"`); err == nil {
			return plain
		}
	}
	return ""
}

func cutLast(text, separator string) (before, after string, found bool) {
	i := strings.LastIndex(text, separator)
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+len(separator):], true
}

func shorten(text string) string {
	if runes := []rune(text); len(runes) > maxWords {
		return string(runes[:maxWords]) + "…"
	}
	return text
}
