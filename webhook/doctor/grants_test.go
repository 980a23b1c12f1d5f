package doctor

import (
	"os/exec"
	"testing"
)

// Whatever is in a name, a shell takes it as one word: the commands of a report are pasted.
func TestWord(t *testing.T) {
	for _, text := range []string{
		"runai-mpi", "system:serviceaccount:a:b", "alice@example.com", "a b", "a'b", `a"b`, "$(id)", "`id`", "a; id", "a\nid", "a\x1b[31m", "ü", "a\t'b'", "",
		`a\nb`, "*", "~", "#", "-x=y", "a\r\n'$(id)",
	} {
		output, err := exec.Command("bash", "-c", "printf %s "+word(text)).Output()
		if err != nil || string(output) != text {
			t.Errorf("%q is written %s, which is %q: %v", text, word(text), output, err)
		}
	}
}
