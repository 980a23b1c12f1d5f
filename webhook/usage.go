package main

import (
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/runai-mpi/runai-mpi/shared/suggest"
)

// The parser's own errors, which have no types.
var (
	unknownFlag  = regexp.MustCompile(`^unknown flag (\S+?)(?:, did you mean (?:one of )?(.*)\?)?$`)
	unexpected   = regexp.MustCompile(`^unexpected argument (.*?)(?:, did you mean (?:one of )?(.*)\?)?$`)
	missingFlags = regexp.MustCompile(`^missing flags: (.*)$`)
	notInEnum    = regexp.MustCompile(`^(\S+) must be one of (.*) but got (".*")$`)
	badDuration  = regexp.MustCompile(`^(\S+): expected duration but got (".*?"): `)
	badNumber    = regexp.MustCompile(`^(\S+): expected a valid .* int but got (".*?")$`)
	missingValue = regexp.MustCompile(`^(\S+): expected .* but got "EOL"`)
	missingFile  = regexp.MustCompile(`^(\S+): stat (.*): no such file or directory$`)
	onlyCommand  = regexp.MustCompile(`^expected "(\w+)`)
	ofValidate   = regexp.MustCompile(`^\w+(?: \w+)?: (.*)$`)
)

// explainUsage rephrases an error of the parser.
func explainUsage(err error) string {
	message := err.Error()
	match := func(pattern *regexp.Regexp) (found []string) {
		return pattern.FindStringSubmatch(message)
	}
	if found := match(notInEnum); found != nil {
		return badValue(found[1], unquote(found[3]), "must be "+suggest.OneOf(strings.Split(strings.ReplaceAll(found[2], `"`, ""), ",")...))
	}
	if found := match(badDuration); found != nil {
		return badValue(found[1], unquote(found[2]), "must be a duration, for example 30s")
	}
	if found := match(badNumber); found != nil {
		return badValue(found[1], unquote(found[2]), "must be a whole number")
	}
	if found := match(missingValue); found != nil {
		return "missing value for " + found[1]
	}
	if found := match(missingFile); found != nil {
		return fmt.Sprintf("%s: %s does not exist", found[1], found[2])
	}
	if found := match(unknownFlag); found != nil {
		return "unknown flag " + found[1] + didYouMean(found[2])
	}
	if found := match(unexpected); found != nil {
		return fmt.Sprintf("unexpected argument %q", found[1]) + didYouMean(found[2])
	}
	if found := match(missingFlags); found != nil {
		return "missing " + found[1]
	}
	if strings.HasPrefix(message, "expected one of ") {
		return "missing command: see 'runai-webhook --help'"
	}
	if found := match(onlyCommand); found != nil {
		return "missing command: must be " + found[1]
	}
	if found := match(ofValidate); found != nil {
		return found[1]
	}
	return message
}

func badValue(flag, value, must string) string {
	return fmt.Sprintf("invalid value %q for %s: %s", value, flag, must)
}

func didYouMean(near string) string {
	if near == "" {
		return ""
	}
	return ". Did you mean " + near + "?"
}

func unquote(text string) string {
	if plain, err := strconv.Unquote(text); err == nil {
		return plain
	}
	return text
}

// hasPort returns an error for a flag whose address lacks a host or a port.
func hasPort(flag, value string) error {
	host, port, err := net.SplitHostPort(value)
	if value != "" && (err != nil || host == "" || port == "") {
		return fmt.Errorf("invalid value %q for %s: must be HOST:PORT, for example localhost:9443", value, flag)
	}
	return nil
}

// notNegative returns an error for a flag whose duration is negative.
func notNegative(flag string, value time.Duration) error {
	if value < 0 {
		return fmt.Errorf("invalid value %q for %s: must not be negative", value, flag)
	}
	return nil
}
