package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/runai-mpi/runai-mpi/cli/submit"
	"github.com/runai-mpi/runai-mpi/test/golden"
)

// intentFlag stands for what the table of intents says of a flag.
const intentFlag = ""

// seedOptions are the options of the documentation that runai grew from, in its order, and what each
// becomes in the cluster.
var seedOptions = [][2]string{
	{"attach", "nothing in the job but `stdin` and `tty`: runai waits for the launcher and copies its output"},
	{"backoff-limit", "`runPolicy.backoffLimit`; 0 by the webhook for an interactive job"},
	{"command", "what follows `--` is the launcher's `command` instead of its `args`"},
	{"cpu", "`resources.requests[cpu]` of both roles"},
	{"cpu-limit", "`resources.limits[cpu]` of both roles"},
	{"create-home-dir", intentFlag},
	{"environment", "`env` of both roles; `SECRET:name,key` a `secretKeyRef`"},
	{"git-sync", intentFlag},
	{"gpu", intentFlag},
	{"gpu-memory", intentFlag},
	{"host-ipc", "`hostIPC` of both roles"},
	{"host-network", "`hostNetwork` of both roles"},
	{"image", "`image` of both roles"},
	{"image-pull-policy", "`imagePullPolicy` of both roles"},
	{"interactive", intentFlag},
	{"job-name-prefix", "`metadata.name`, with the smallest free number"},
	{"large-shm", intentFlag},
	{"local-image", "`imagePullPolicy: Never` of both roles, and a warning"},
	{"memory", "`resources.requests[memory]` of both roles"},
	{"memory-limit", "`resources.limits[memory]` of both roles"},
	{"name", "`metadata.name`"},
	{"node-type", intentFlag},
	{"prevent-privilege-escalation", "`securityContext.allowPrivilegeEscalation: false` of both roles"},
	{"processes", "`replicas` of the Worker; RUNAI_MPI_NUM_WORKERS by the webhook"},
	{"pvc", "a volume and a mount of both roles; a new claim beside the job"},
	{"run-as-user", intentFlag},
	{"stdin", "`stdin` of both roles"},
	{"tty", "`tty` of both roles"},
	{"volume", "a `hostPath` or `nfs` volume and a mount of both roles"},
	{"nfs-server", "the server of each `--volume` that names none"},
	{"working-dir", "`workingDir` of both roles"},
	{"loglevel", "nothing in the job: what runai logs"},
	{"project", intentFlag},
	{"help", "nothing in the job"},
}

// Whoever reads the help sees how each flag is written.
func TestHelpHasExamples(t *testing.T) {
	model := newParser(&commands{}).Model
	flags := model.Flags
	for _, leaf := range model.Leaves(true) {
		flags = append(flags, leaf.Flags...)
	}
	for _, flag := range flags {
		if !flag.Hidden && !flag.IsBool() && !strings.Contains(flag.Help, "Example") {
			t.Errorf("the help of --%s has no example: %s", flag.Name, flag.Help)
		}
	}
}

// The page of the command line is written from the model that parses it.
func TestDocs(t *testing.T) {
	model := newParser(&commands{}).Model
	var page strings.Builder
	page.WriteString("# The command line\n\nThis page is generated from the program: `runai --help` says the same.\n")
	writeSeedTable(t, &page)
	for _, leaf := range model.Leaves(true) {
		writeCommand(&page, leaf)
	}
	page.WriteString("\n## Flags of every command\n")
	writeFlags(&page, model.Flags)
	golden.Compare(t, "../docs/cli.md", page.String())
}

func writeSeedTable(t *testing.T, page *strings.Builder) {
	page.WriteString("\n## What each option of submit-mpi becomes\n\n| option | in the job |\n|---|---|\n")
	known := submitFlags()
	intents := map[string]string{}
	for _, doc := range submit.IntentDocs() {
		if doc.Becomes != "" {
			intents[doc.Flag] = fmt.Sprintf("`%s`; %s", doc.Key, doc.Becomes)
		}
	}
	for _, option := range seedOptions {
		flag := known[option[0]]
		if flag == nil {
			t.Errorf("submit-mpi has no --%s", option[0])
			continue
		}
		becomes := option[1]
		if becomes == intentFlag {
			becomes = intents[flag.Name]
		}
		if becomes == "" {
			t.Errorf("what --%s becomes is not documented", flag.Name)
		}
		fmt.Fprintf(page, "| `%s` | %s |\n", flagName(flag), becomes)
	}
}

func writeCommand(page *strings.Builder, command *kong.Node) {
	name := command.Name
	if parent := command.Parent; parent.Type == kong.CommandNode {
		name = parent.Name + " " + name
	}
	fmt.Fprintf(page, "\n## runai %s\n\n%s\n", name, command.Help)
	if len(command.Aliases) > 0 {
		fmt.Fprintf(page, "\nAlso: `%s`.\n", strings.Join(command.Aliases, "`, `"))
	}
	for _, argument := range command.Positional {
		fmt.Fprintf(page, "\n- `%s`: %s\n", argument.Summary(), argument.Help)
	}
	writeFlags(page, command.Flags)
}

func writeFlags(page *strings.Builder, flags []*kong.Flag) {
	group := ""
	for i, flag := range flags {
		if flag.Hidden {
			continue
		}
		if title := groupTitle(flag); i == 0 || title != group {
			group = title
			if title != "" {
				fmt.Fprintf(page, "\n### %s\n", title)
			}
			page.WriteString("\n| flag | meaning |\n|---|---|\n")
		}
		fmt.Fprintf(page, "| `%s` | %s |\n", flagName(flag), strings.ReplaceAll(flag.Help, "|", `\|`))
	}
}

func groupTitle(flag *kong.Flag) string {
	if flag.Group == nil {
		return ""
	}
	return flag.Group.Title
}

func flagName(flag *kong.Flag) string {
	name := "--" + flag.Name
	if flag.Short != 0 {
		name = "-" + string(flag.Short) + ", " + name
	}
	if flag.PlaceHolder != "" {
		name += " " + flag.PlaceHolder
	}
	return name
}
