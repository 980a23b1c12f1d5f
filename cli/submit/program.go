package submit

import (
	"path"
	"regexp"
	"strings"
)

// program matches the name of a program that starts a training or a shell, but no name that a job would have.
var program = regexp.MustCompile(`^(?:python[0-9.]*|bash|sh|zsh|mpirun|mpiexec|mpiexec\.hydra|orterun|horovodrun|torchrun)$`)

// IsProgram reports whether a word is surely the command of a container and not the name of a job.
func IsProgram(word string) bool {
	isFile := strings.HasSuffix(word, ".py") || strings.HasSuffix(word, ".sh") || strings.HasPrefix(word, "./") || path.IsAbs(word)
	return isFile || program.MatchString(word)
}
