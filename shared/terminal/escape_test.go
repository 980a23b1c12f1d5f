package terminal

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestEscape(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"plain text, with\nlines", "plain text, with\nlines"},
		{"Grüße 你好 🙂 مرحبا שלום \ufffd a\u00a0b", "Grüße 你好 🙂 مرحبا שלום \ufffd a\u00a0b"},
		{"\x1b]0;title\x07\x1b[2J", `\x1b]0;title\x07\x1b[2J`},
		{"a\tb\rc\bd\x00\x7f", `a\tb\rc\x08d\x00\x7f`},
		{"\u009b31m\u0085", `\u009b31m\u0085`},
		{"user\u202etxt.exe\u2066\u2069\u200f\u061c", `user\u202etxt.exe\u2066\u2069\u200f\u061c`},
		{"ad\u200bmin\u200d\u2060\ufeff\u00ad", `ad\u200bmin\u200d\u2060\ufeff\u00ad`},
		{"a\u2028b\u2029c", `a\u2028b\u2029c`},
		{"\u115f\u3164\u034f\u180b\ufe0f", `\u115f\u3164\u034f\u180b\ufe0f`},
		{"\U000e0041\U000e0100\U0010ffff\ue000", `\U000e0041\U000e0100\U0010ffff\ue000`},
		{"\xffa\xc3\xed\xa0\x80", `\xffa\xc3\xed\xa0\x80`},
	} {
		if got := Escape(test.text); got != test.want {
			t.Errorf("%q: got %s, want %s", test.text, got, test.want)
		}
	}
	if got := Line("a\nb\r\nc"); got != `a\nb\r\nc` {
		t.Errorf("got %s", got)
	}
}

// FuzzEscape checks that any bytes become characters that a terminal shows, and that those stay.
func FuzzEscape(f *testing.F) {
	for _, text := range []string{"plain\n", "\x1b[2J", "\u202e", "\xff\xfe", "\U000e0001"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		escaped := Escape(text)
		if !utf8.ValidString(escaped) || strings.ContainsFunc(escaped, func(char rune) bool { return char != '\n' && IsHidden(char) }) {
			t.Errorf("%q became %q", text, escaped)
		}
		if Escape(escaped) != escaped {
			t.Errorf("%q is escaped again", escaped)
		}
		if line := Line(text); strings.Contains(line, "\n") {
			t.Errorf("%q became %q", text, line)
		}
	})
}

// Programs that write need the length of their own text.
func TestWriter(t *testing.T) {
	var out bytes.Buffer
	n, err := NewWriter(&out).Write([]byte("a\x1bb\n"))
	if err != nil || n != 4 || out.String() != "a\\x1bb\n" {
		t.Errorf("%d, %v, %q", n, err, out.String())
	}
}
