package main

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
)

const (
	curlyQuotes = "\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb"
	fixedSpaces = "\u00a0\u2007\u202f"
)

var (
	// quotedByPage matches a quote that a page or a chat has made curly, so that the shell did not read it.
	quotedByPage = regexp.MustCompile(`^(?:--?[A-Za-z][\w-]*=)?[` + curlyQuotes + `]|[` + curlyQuotes + `]$`)
	// spacedByPage matches a flag in which a space does not separate words.
	spacedByPage = regexp.MustCompile(`^-[^=]*[` + fixedSpaces + `]|[` + fixedSpaces + `]-|^[` + fixedSpaces + `]`)
)

// checkPasted refuses arguments with the quotes and spaces of pages and chats. It does not quote an argument, which
// may be a secret.
func checkPasted(args []string) (mistakes invocation.Mistakes) {
	for i, arg := range args {
		switch {
		case quotedByPage.MatchString(arg):
			mistakes = append(mistakes, fmt.Sprintf("argument %d has a curly quote (%s), which a shell does not read as a quote: use ' or \"",
				i+1, firstOf(arg, curlyQuotes)))
		case spacedByPage.MatchString(arg):
			mistakes = append(mistakes, fmt.Sprintf("argument %d has a no-break space, which a shell does not read as a space: type it again", i+1))
		}
	}
	return mistakes
}

// warnOfPasted returns a warning about the words of the container that a shell did not read as they look, "" for none.
func warnOfPasted(words []string) string {
	for _, word := range words {
		if quotedByPage.MatchString(word) {
			return fmt.Sprintf("the command of the container has a curly quote (%s), which a shell does not read as a quote: use ' or \"", firstOf(word, curlyQuotes))
		}
		if spacedByPage.MatchString(word) {
			return "the command of the container has a no-break space, which a shell does not read as a space: type it again"
		}
	}
	return ""
}

func firstOf(text, chars string) string {
	for _, char := range text {
		if strings.ContainsRune(chars, char) {
			return string(char)
		}
	}
	return ""
}
