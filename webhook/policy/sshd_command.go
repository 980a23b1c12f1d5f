package policy

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// An sshdCommand is the command line of a worker that runs sshd itself, read as sshd reads it.
type sshdCommand struct {
	words   []string
	files   []string     // -f: the last one counts
	options []sshdOption // -o and -p, in order
	flags   string       // those without a value
	invalid string       // what sshd does not accept, and the remedy
}

// An sshdOption is a line of the configuration that the command line contains.
type sshdOption struct {
	keyword   string // in lower case
	value     string
	isPort    bool // it is -p, after which sshd ignores all other ports
	asWritten string
}

// The options of sshd, up to OpenSSH 10.
const (
	sshdFlags      = "46DGQRTVdeiqrt"
	sshdWithValues = "CEbcfghkopu"
	sshdOnlyTests  = "GQTVt" // print or check something, and end
)

// readSSHD reads the command of a container. It returns false if the container does not run sshd itself, as
// with a shell, or if a part of the command is known only when it runs.
func readSSHD(container *corev1.Container) (sshdCommand, bool) {
	words := slices.Concat(container.Command, container.Args)
	if len(words) == 0 || !strings.HasSuffix(words[0], "sshd") && !strings.Contains(words[0], "$(") {
		return sshdCommand{}, false
	}
	env := map[string]corev1.EnvVar{}
	for _, variable := range container.Env {
		env[variable.Name] = variable
	}
	for i, word := range words {
		expanded, known := expand(word, env, len(container.EnvFrom) == 0)
		if !known {
			return sshdCommand{}, false
		}
		words[i] = expanded
	}
	if path.Base(words[0]) != "sshd" {
		return sshdCommand{}, false
	}
	command := sshdCommand{words: words}
	known := command.read(words[1:])
	for _, option := range command.portOptions() { // a port may have the name of a service
		if _, err := strconv.Atoi(option.value); option.value != "" && err != nil {
			known = false
		}
	}
	return command, known
}

// read reads options as getopt does: in groups, with values that are joined or follow, up to the first word that is
// not an option. sshd accepts no such word. It returns false for an option that it does not know.
func (c *sshdCommand) read(words []string) bool {
	for len(words) > 0 {
		word := words[0]
		if word != "--" && len(word) > 1 && word[0] == '-' {
			words = words[1:]
		} else {
			if word == "--" {
				words = words[1:]
			}
			if len(words) > 0 {
				c.invalid = fmt.Sprintf("sshd does not accept %q: remove it", words[0])
			}
			return true
		}
		for i := 1; i < len(word); i++ {
			option := word[i]
			if strings.IndexByte(sshdFlags, option) >= 0 {
				c.flags += string(option)
				continue
			}
			if strings.IndexByte(sshdWithValues, option) < 0 {
				return false
			}
			value := word[i+1:]
			if value == "" {
				if len(words) == 0 {
					c.invalid = "-" + string(option) + " has no value: add it or remove the option"
					return true
				}
				value, words = words[0], words[1:]
			}
			c.add(option, value)
			break
		}
	}
	return true
}

func (c *sshdCommand) add(option byte, value string) {
	switch option {
	case 'f':
		c.files = append(c.files, value)
	case 'p':
		c.options = append(c.options, sshdOption{keyword: "port", value: strings.TrimSpace(value), isPort: true, asWritten: "-p " + value})
	case 'o':
		keyword, rest := cutKeyword(value)
		c.options = append(c.options, sshdOption{keyword: strings.ToLower(keyword), value: rest, asWritten: "-o " + value})
	}
}

// cutKeyword splits a line of sshd's configuration: spaces or one '=' follow the keyword.
func cutKeyword(line string) (keyword, value string) {
	line = strings.TrimLeft(line, " \t")
	end := strings.IndexAny(line, " \t=")
	if end < 0 {
		return line, ""
	}
	value = strings.TrimLeft(line[end:], " \t")
	value = strings.TrimLeft(strings.TrimPrefix(value, "="), " \t")
	return line[:end], strings.TrimSpace(strings.Trim(strings.TrimRight(value, " \t"), `"`))
}

func (c *sshdCommand) has(flag string) bool { return strings.Contains(c.flags, flag) }

// file returns the configuration that sshd reads.
func (c *sshdCommand) file() string {
	if len(c.files) == 0 {
		return defaultSSHDFile
	}
	return c.files[len(c.files)-1]
}

// portOptions returns the options that name a port. sshd ignores any other after a -p.
func (c *sshdCommand) portOptions() []sshdOption {
	var counted []sshdOption
	onlyThese := false
	for _, option := range c.options {
		onlyThese = onlyThese || option.isPort
		if option.isPort || option.keyword == "port" && !onlyThese {
			counted = append(counted, option)
		}
	}
	return counted
}

// ports returns the ports on which sshd listens if its configuration has the given ones.
func (c *sshdCommand) ports(configured []int32) []int32 {
	var ports []int32
	onlyThese := false
	for _, option := range c.portOptions() {
		onlyThese = onlyThese || option.isPort
		if port, err := strconv.ParseUint(option.value, 10, 16); err == nil {
			ports = append(ports, int32(port))
		}
	}
	if !onlyThese {
		ports = append(ports, configured...)
	}
	var listening []int32
	addresses := false
	for _, option := range c.options {
		if option.keyword == "listenaddress" {
			addresses = true
			if port := portOfAddress(option.value); port != 0 {
				listening = append(listening, port)
			} else {
				listening = append(listening, ports...)
			}
		}
	}
	if !addresses {
		return ports
	}
	return listening
}

var addressWithPort = regexp.MustCompile(`^(?:\[.*\]|[^:]*):(\d+)(?:\s|$)`)

// portOfAddress returns the port of a ListenAddress, or 0 if it has none.
func portOfAddress(address string) int32 {
	found := addressWithPort.FindStringSubmatch(address)
	if found == nil {
		return 0
	}
	port, err := strconv.ParseUint(found[1], 10, 16)
	if err != nil {
		return 0
	}
	return int32(port)
}

// rejected returns what sshd does not accept in its command line, and the remedy, or "".
func (c *sshdCommand) rejected() string {
	if c.invalid != "" {
		return c.invalid
	}
	for _, option := range c.options {
		if option.value == "" && option.keyword != "" && option.keyword[0] != '#' {
			return option.asWritten + " has no value: add it or remove the option"
		}
	}
	for _, option := range c.portOptions() {
		if port, err := strconv.Atoi(option.value); err == nil && (port < 1 || port > 65535) {
			return option.asWritten + " is not a port: use a number from 1 to 65535"
		}
	}
	return ""
}

// ends returns each reason why sshd, or its container, exits at once, with the remedy.
func (c *sshdCommand) ends() []string {
	if why := c.rejected(); why != "" {
		return []string{why}
	}
	var reasons []string
	switch {
	case strings.ContainsAny(c.flags, sshdOnlyTests):
		reasons = append(reasons, "sshd only prints or checks something, and exits: remove the options -"+strings.Join(strings.Split(sshdOnlyTests, ""), ", -"))
	case c.has("i"):
		reasons = append(reasons, "sshd serves standard input, and exits: use -D instead of -i")
	case !c.has("D") && !c.has("d"):
		reasons = append(reasons, "sshd goes to the background, which ends the container: add -D")
	}
	if !path.IsAbs(c.words[0]) && !c.has("r") {
		reasons = append(reasons, "sshd must be started by its full path: use "+sshdPath)
	}
	return reasons
}

// refused returns an error for each reason.
func (c *sshdCommand) refused(worker mpijob.Template, reasons []string) field.ErrorList {
	var errs field.ErrorList
	for _, reason := range reasons {
		errs = append(errs, field.Invalid(worker.MainPath().Child("command"), strings.Join(c.words, " "), reason))
	}
	return errs
}

var (
	// sshdInScript matches sshd with its options in the script of a shell, or behind a program such as tini.
	sshdInScript = regexp.MustCompile(`(?:^|[\s;&|("'])(?:/[^\s;&|"']*/)?sshd[ \t]+([^;&|<>()\n]*)`)
	// wordInScript matches a word that a shell leaves as it is, or a quoted one.
	wordInScript = regexp.MustCompile(`'[^']*'|"[^"]*"|[^\s'"]+`)
)

// portInScript returns the port on which sshd listens in a container that does not run it itself, if its command
// shows one, or 0.
func portInScript(container *corev1.Container) int32 {
	found := int32(0)
	for _, match := range sshdInScript.FindAllStringSubmatch(strings.Join(slices.Concat(container.Command, container.Args), " "), -1) {
		if strings.ContainsAny(match[1], "$`\\") {
			return 0 // only a run shows it
		}
		var command sshdCommand
		words := wordInScript.FindAllString(match[1], -1)
		for i, word := range words {
			words[i] = strings.Trim(word, `'"`)
		}
		if !command.read(words) {
			return 0
		}
		for _, port := range command.ports(nil) {
			if found != 0 && found != port {
				return 0
			}
			found = port
		}
	}
	return found
}

var reference = regexp.MustCompile(`\$\$|\$\(([^)]*)\)`)

// expand replaces the references to variables in a word of a command, as the kubelet does. It returns false
// if the job does not contain a value. complete is set if there are no other variables than env.
func expand(word string, env map[string]corev1.EnvVar, complete bool) (string, bool) {
	known := true
	expanded := reference.ReplaceAllStringFunc(word, func(found string) string {
		if found == "$$" {
			return "$"
		}
		variable, present := env[found[2:len(found)-1]]
		if !present {
			known = known && complete
			return found // as the kubelet leaves it
		}
		known = known && variable.ValueFrom == nil && !strings.Contains(variable.Value, "$")
		return variable.Value
	})
	return expanded, known
}
