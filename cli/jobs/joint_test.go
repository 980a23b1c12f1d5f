package jobs

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
)

func TestRepeated(t *testing.T) {
	for _, test := range []struct{ name, log, session, want string }{
		{"nothing in common", "a\nb\n", "c\n", ""},
		{"the last line", "a\nb\n", "b\nc\n", "b\n"},
		{"several lines", "a\nb\nc\n", "b\nc\nd", "b\nc\n"},
		{"from the middle of a line", "step 1\nstep 2\n", "ep 2\nstep 3\n", "ep 2\n"},
		{"the log is ahead", "a\nb\nc\n", "b\n", "b\nc\n"},
		{"the log is ahead, in the middle of a line", "a\nb\nc\n", "b\nc", "b\nc\n"},
		{"equal lines", "x\nx\nx\n", "x\n", "x\n"},
		{"more equal lines", "a\nx\nx\n", "x\nx\nx\n", "x\nx\n"},
		{"everything", "a\nb\n", "a\nb\n", "a\nb\n"},
		{"a key is not a line", "root\n", "r", ""},
		{"Enter is not a line", "a\r\n", "\r\n$ ", ""},
		{"from the end of a line", "a\nb\n", "\nb\nc", "\nb\n"},
		{"a prompt", "a\n$ ls\n", "$ ", ""},
		{"no log", "", "a\n", ""},
		{"Enter and a prompt", "$ ls\r\na\r\n$ pwd\r\n", "\r\n$ ", ""},
		{"nothing shown", "a\n", "", ""},
	} {
		if got := repeated([]byte(test.log), []byte(test.session)); string(got) != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// What a program prints arrives once, wherever the session begins and however far the log gets.
func TestJointPrintsEachLineOnce(t *testing.T) {
	const text, seen = "one\r\ntwo\r\nthree\r\nfour\r\nfive\r\n", len("two\r\nth")
	for begin := range len(text) - seen {
		for _, end := range []string{"one\r\ntwo\r\n", "one\r\ntwo\r\nthree\r\n", text} {
			if begin > len(end)-len("o\r\n") || strings.HasPrefix(text[begin:], "\r") || strings.HasPrefix(text[begin:], "\n") {
				continue // nothing is in both that shows it
			}
			var out bytes.Buffer
			j := newJoint(&out)
			j.copyLog(t.Context(), io.NopCloser(strings.NewReader(strings.ReplaceAll(end, "\r", ""))))
			_, _ = io.WriteString(j, text[begin:begin+seen])
			j.join()
			_, _ = io.WriteString(j, text[begin+seen:])
			if out.String() != text {
				t.Errorf("from %d, the log to %d: %q", begin, len(end), out.String())
			}
		}
	}
}

// The session takes over although the log goes on.
func TestJointEndsTheLog(t *testing.T) {
	var out bytes.Buffer
	j := newJoint(&out)
	log, writer := io.Pipe()
	ended := make(chan struct{})
	go func() {
		j.copyLog(context.Background(), log)
		close(ended)
	}()
	_, _ = io.WriteString(writer, "before\n")
	_, _ = io.WriteString(j, "$ ")
	<-ended
	_, _ = io.WriteString(j, "ls\n")
	if out.String() != "before\r\n$ ls\n" {
		t.Errorf("%q", out.String())
	}
}
