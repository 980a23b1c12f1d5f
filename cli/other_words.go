package main

import (
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/runai-mpi/runai-mpi/cli/submit"
)

// otherWords have the commands of other programs that are used to run jobs, with the command or the flag that is meant.
var otherWords = map[string]string{
	"apply": "submit-mpi", "create": "submit-mpi", "mpirun": "submit-mpi", "run": "submit-mpi", "sbatch": "submit-mpi",
	"srun": "submit-mpi", "start": "submit-mpi", "submit": "submit-mpi", "train": "submit-mpi",
	"clone": "resubmit", "repeat": "resubmit", "rerun": "resubmit", "retry": "resubmit",
	"get": "list", "job": "list jobs", "jobs": "list jobs", "ls": "list", "projects": "list projects", "ps": "list", "queue": "list", "squeue": "list",
	"info": "describe", "inspect": "describe", "show": "describe", "status": "describe", "view": "describe",
	"follow": "logs", "log": "logs", "output": "logs", "tail": "logs",
	"connect": "attach", "enter": "bash", "sh": "bash", "shell": "bash", "ssh": "bash", "forward": "port-forward",
	"hold": "suspend", "pause": "suspend", "stop": "suspend", "continue": "resume", "release": "resume", "unpause": "resume",
	"cancel": "delete", "del": "delete", "kill": "delete", "remove": "delete", "rm": "delete", "scancel": "delete", "terminate": "delete",
	"me": "whoami", "user": "whoami", "context": "config", "set": "config", "switch": "config", "use": "config",
}

// otherWord returns the command that a word of another program means, "" if none.
func otherWord(word string) string { return otherWords[strings.ToLower(word)] }

// orDefault returns the command that runs if no other word follows.
func orDefault(command *kong.Node) *kong.Node {
	if command.DefaultCmd != nil {
		return command.DefaultCmd
	}
	return command
}

// owner returns the only command that has a flag, "" if there is none or several. Those of resubmit are submit-mpi's.
func owner(flag string, root *kong.Node) string {
	var owners []string
	for _, command := range root.Leaves(true) {
		if command.Target.Type() == reflect.TypeFor[submit.Resubmit]() {
			continue
		}
		if slices.ContainsFunc(command.Flags, func(known *kong.Flag) bool { return !known.Hidden && known.Name == flag }) {
			owners = append(owners, pathOf(command))
		}
	}
	if len(owners) != 1 {
		return ""
	}
	return owners[0]
}
