package main

import (
	"os"
	"os/exec"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/runai-mpi/runai-mpi/test/docgen"
	"github.com/runai-mpi/runai-mpi/test/golden"
)

// The page of the command line is written from the model that parses it.
func TestDocs(t *testing.T) {
	model := kong.Must(&commands{}, kong.Name("runai-webhook"), kong.Vars{"version": ""}).Model
	page := docgen.Head("The command line: runai-webhook",
		"Look up a command or a flag of `runai-webhook`, and what an exit code means. `serve`, `prepare` and `check` are what the chart runs in the cluster; "+
			"`admit` applies the same policies to a file, on any machine and without a cluster; "+
			"`review` shows what stored jobs would meet, before anything changes. [Exit codes](#exit-codes) are at the end.",
		"the flags of `webhook/`")
	page += docgen.Commands(model) + docgen.ExitCodeTable(model.Name)
	golden.Compare(t, "../docs/reference/webhook-cli.md", page)
}

func TestExitCodes(t *testing.T) {
	for _, code := range docgen.ExitCodes["runai-webhook"] {
		for _, args := range code.Examples {
			cmd := exec.Command(os.Args[0], args...)
			cmd.Env = append(os.Environ(), asProgram+"=1", "KUBERNETES_SERVICE_HOST=")
			if output, _ := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != code.Code {
				t.Errorf("%v: exit code %d, want %d: %s", args, cmd.ProcessState.ExitCode(), code.Code, output)
			}
		}
	}
}

// asProgram is the variable that makes the test binary be the program.
const asProgram = "RUNAI_WEBHOOK_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}
