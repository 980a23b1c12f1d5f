package operator

import (
	"flag"
	"fmt"
	"os"
	"path"
	"testing"
	"time"

	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
	"github.com/runai-mpi/runai-mpi/test/internal/operatortests"
)

var (
	page   = flag.String("page", "", "Run the tests with the webhook and without, and write what they show to this page.")
	rounds = flag.Int("rounds", 1, "How often to run each test.")
)

// latest is how much later a job may start with the webhook, in the median.
const latest = time.Second

// Every test of the operator that passes without the webhook passes with it, and jobs start as early.
func TestWithAndWithout(t *testing.T) {
	if *page == "" {
		t.Skip("make operator-e2e runs this test, which takes minutes")
	}
	tests := prepare(t)
	var pairs []operatortests.Pair
	for round := range *rounds {
		for _, name := range tests {
			t.Run(name, func(t *testing.T) {
				pair := runPair(t, name, round%2 == 1)
				if pair.Broken() {
					t.Errorf("this test passes only without the webhook: %s", pair.With.Output)
				}
				pairs = append(pairs, pair)
			})
		}
	}
	if median, _ := operatortests.Later(pairs); median > latest {
		t.Errorf("jobs start %s later with the webhook, in the median", median.Round(time.Millisecond))
	}
	write(t, pairs)
}

// runPair runs a test twice, in the one order or the other: what the machine does meanwhile must not hit one side.
func runPair(t *testing.T, name string, withWebhookFirst bool) operatortests.Pair {
	t.Helper()
	first, second := run(t, name, withWebhookFirst), run(t, name, !withWebhookFirst)
	if withWebhookFirst {
		first, second = second, first
	}
	return operatortests.Pair{Name: name, Without: first, With: second}
}

const text = `# mpi-operator's own tests

See whether jobs that mpi-operator's own e2e tests submit run with the webhook as they do without it, and how much later they start.

This page is written by ` + "`make operator-e2e`" + `. Each test runs in a cluster with a real node, in a new namespace without a project and in one with a project. A job starts when the main containers of its launcher and of its workers have all started for the first time. Times begin with the request for the job, and are medians over %[1]d %[7]s.

%[2]s, on %[3]s. In the median of %[5]d pairs, jobs start **%.1[4]f s later** with the webhook.

%[6]s
A test without times expects that the operator leaves its job alone. Left out are the tests of what this cluster does not have: Intel MPI, the scheduler plugins and Volcano.
`

func write(t *testing.T, pairs []operatortests.Pair) {
	t.Helper()
	source, err := binaries.Source(binaries.OperatorTests)
	if err != nil {
		t.Fatal(err)
	}
	median, started := operatortests.Later(pairs)
	date := time.Now().UTC().Format(time.DateOnly)
	plural := "runs"
	if *rounds == 1 {
		plural = "run"
	}
	content := fmt.Sprintf(text, *rounds, path.Base(source), date, median.Seconds(), started, operatortests.Table(pairs), plural)
	if err := os.WriteFile(*page, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}
