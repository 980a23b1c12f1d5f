package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/runai-mpi/runai-mpi/cli/submit"
	"github.com/runai-mpi/runai-mpi/test/docgen"
	"github.com/runai-mpi/runai-mpi/test/golden"
)

// intentFlag marks an option that the table of intents documents.
const intentFlag = ""

// becomes says what each option of submit-mpi becomes in the job: first those in the original's documentation,
// in its order, then the others. Options of intents that are not listed follow by themselves.
var becomes = [][2]string{
	{"attach", "`stdin` and `tty` of both roles; runai waits for the launcher and attaches to it"},
	{"backoff-limit", "`runPolicy.backoffLimit`; the webhook sets 0 for an interactive job"},
	{"command", "the words after `--` are the launcher's `command` instead of its `args`"},
	{"cpu", "`resources.requests[cpu]` of both roles"},
	{"cpu-limit", "`resources.limits[cpu]` of both roles"},
	{"create-home-dir", intentFlag},
	{"environment", "`env` of both roles; `SECRET:SECRET-NAME,KEY` becomes a `secretKeyRef`"},
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
	{"processes", "`replicas` of the Worker; the webhook sets `RUNAI_MPI_NUM_WORKERS` on the launcher"},
	{"pvc", "a volume and a mount of both roles; a new claim is created together with the job"},
	{"run-as-user", intentFlag},
	{"stdin", "`stdin` of both roles"},
	{"tty", "`tty` of both roles"},
	{"volume", "a `hostPath` or `nfs` volume and a mount of both roles"},
	{"nfs-server", "the server of each `--volume` without an NFS-HOST"},
	{"working-dir", "`workingDir` of both roles"},
	{"loglevel", "nothing in the job"},
	{"project", intentFlag},
	{"help", "nothing in the job"},

	{"args", "`args` of the launcher, before the words after `--`"},
	{"dry-run", "nothing in the job"},
	{"output", "nothing in the job"},
	{"timeout", "nothing in the job: how long runai waits"},
	{"wait", "nothing in the job: runai waits until it has finished"},
	{"pvc-access-mode", "`accessModes` of each new claim"},
	{"mpi-implementation", "`mpiImplementation`"},
	{"slots-per-worker", "`slotsPerWorker`"},
}

// The help of each flag that takes a value has an example.
func TestHelpHasExamples(t *testing.T) {
	model := newParser(&withOtherNames{}).Model
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

// docs/reference/cli.md is generated from the parser's model.
func TestDocs(t *testing.T) {
	model := newParser(&withOtherNames{}).Model
	page := docgen.Head("The command line: runai",
		"Look up a command or a flag of `runai`, what a flag of `submit-mpi` becomes in the job, and what an exit code means. "+
			"`runai COMMAND --help` prints the same commands and flags. [Exit codes](#exit-codes) are at the end.",
		"the flags of `cli/`")
	page += submitTable(t) + docgen.Commands(model) + docgen.ExitCodeTable(model.Name)
	golden.Compare(t, "../docs/reference/cli.md", page)
}

func TestExitCodes(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	for _, code := range docgen.ExitCodes["runai"] {
		for _, args := range code.Examples {
			// The process itself, because kong ends it after --help and --version.
			cmd := exec.Command(os.Args[0], args...)
			cmd.Env = append(os.Environ(), asProgram+"=1")
			if output, _ := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != code.Code {
				t.Errorf("%v: exit code %d, want %d: %s", args, cmd.ProcessState.ExitCode(), code.Code, output)
			}
		}
	}
}

// asProgram is the variable that makes the test binary be the program.
const asProgram = "RUNAI_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

var (
	shellBlock = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")
	command    = regexp.MustCompile(`(?m)^runai (?:.*\\\n)*.*$`)
)

// The commands on the pages are commands of the program.
func TestCommandsOfPages(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	pages, err := filepath.Glob("../docs/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	tried := 0
	for _, page := range append(pages, "../README.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range shellBlock.FindAllStringSubmatch(string(text), -1) {
			for _, typed := range command.FindAllString(block[1], -1) {
				tried++
				typed, _, _ = strings.Cut(typed, " | ")
				typed, _, _ = strings.Cut(typed, "\\\n  | ")
				args, behind := splitWords(words(t, typed))
				if args[0] == "submit-mpi" {
					dryRun(t, typed)
				} else if _, err := newParser(&withOtherNames{}).Parse(alignOldSyntax(args, behind != nil)); err != nil {
					t.Errorf("%s: %s: %s", page, typed, err)
				}
			}
		}
	}
	if tried < 10 {
		t.Errorf("only %d commands were tried", tried)
	}
}

func submitTable(t *testing.T) string {
	known := submitFlags()
	intents := map[string]string{}
	for _, doc := range submit.IntentDocs() {
		if doc.Becomes != "" {
			intents[doc.Flag] = fmt.Sprintf("`%s`; %s", doc.Key, doc.Becomes)
		}
	}
	options := slices.Clone(becomes)
	for _, doc := range submit.IntentDocs() {
		if doc.Flag != "" && !lists(options, doc.Flag) {
			options = append(options, [2]string{doc.Flag, intentFlag})
		}
	}
	for _, flag := range newParser(&withOtherNames{}).Model.Children[0].Flags {
		if !flag.Hidden && !lists(options, flag.Name) {
			t.Errorf("nothing says what --%s becomes", flag.Name)
		}
	}
	var rows [][]string
	for _, option := range options {
		flag := known[option[0]]
		if flag == nil {
			t.Errorf("submit-mpi has no --%s", option[0])
			continue
		}
		meaning := option[1]
		if meaning == intentFlag {
			meaning = intents[flag.Name]
		}
		if meaning == "" {
			t.Errorf("--%s has no documentation of what it becomes", flag.Name)
		}
		rows = append(rows, []string{docgen.Code(docgen.FlagName(flag)), meaning})
	}
	return "\n## What each flag of submit-mpi becomes\n\n" + docgen.Table([]string{"flag", "in the job"}, rows)
}

func lists(options [][2]string, flag string) bool {
	return slices.ContainsFunc(options, func(option [2]string) bool { return option[0] == flag })
}
