package invocation

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/runai-mpi/runai-mpi/shared/suggest"
)

// Mistakes are what is wrong with a command line, one entry for each cause. Nothing was sent to the
// cluster. A hint is a second line of its entry.
type Mistakes []string

func (m Mistakes) Error() string { return strings.Join(m, "\n") }

// A UsageError is the complete message of a mistake that is found while the command line is parsed.
type UsageError string

func (e UsageError) Error() string { return string(e) }

// Failure is why a command failed, one line for each cause.
type Failure []string

func (f Failure) Error() string { return strings.Join(f, "\n") }

// OrNil returns the failure as an error, or nil if it has no cause.
func (f Failure) OrNil() error {
	if len(f) == 0 {
		return nil
	}
	return f
}

// An ExitCode is the error of a command that exits as a process in the cluster did. It prints nothing: the process has.
type ExitCode int

func (c ExitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// Interrupted is the exit code of a command that the user interrupted: what a shell reports for SIGINT.
const Interrupted ExitCode = 130

// Failed returns the failure whose causes are the lines of a text.
func Failed(text string) Failure { return strings.Split(text, "\n") }

// BadValue returns the error of a value that a flag does not accept. The problem begins with "must".
func BadValue(flag, value, problem string) string {
	return fmt.Sprintf("invalid value %q for %s: %s", value, flag, problem)
}

// NotOneOf returns the error of a value that is not one of those that a flag accepts, with the nearest as a hint.
func NotOneOf[T ~string](flag, value string, accepted ...T) string {
	mistake := BadValue(flag, value, "must be "+suggest.OneOf(accepted...))
	byLower := map[string]T{}
	for _, known := range accepted {
		byLower[strings.ToLower(string(known))] = known
	}
	nearest := suggest.Nearest(strings.ToLower(value), slices.Sorted(maps.Keys(byLower)))
	if nearest == "" {
		return mistake
	}
	return mistake + "\nDid you mean " + string(byLower[nearest]) + "?"
}

var (
	verb  = regexp.MustCompile(`^(is|are|was|must|cannot|conflicts|excludes|exceeds|needs|requires|has|does|would|names|runs) `)
	plain = regexp.MustCompile(`^[\w./:,=+@-]+$`)
)

// Problem returns the error of a flag or field with a value, "" for none. The problem comes from the
// contract or from the cluster: "must be …", another verb, or a sentence with a subject of its own.
func Problem(flag, value, problem string) string {
	if value != "" && strings.HasPrefix(problem, "must ") {
		return BadValue(flag, value, problem)
	}
	subject := flag
	switch {
	case plain.MatchString(value):
		subject += " " + value
	case value != "":
		subject += fmt.Sprintf(" %q", value)
	}
	if verb.MatchString(problem) {
		return subject + " " + problem
	}
	return subject + ": " + problem
}
