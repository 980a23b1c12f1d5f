package process

import (
	"bytes"
	"fmt"
	"os"
)

const tailLines = 20

// Tail returns the end of a log file, for an error message.
func Tail(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Sprintf("(no log: %s)", err)
	}
	lines := bytes.Split(bytes.TrimRight(data, "\n"), []byte("\n"))
	if len(lines) > tailLines {
		lines = lines[len(lines)-tailLines:]
	}
	return fmt.Sprintf("--- the end of %s\n%s\n---", path, bytes.Join(lines, []byte("\n")))
}
