package operator

import (
	"bytes"
	_ "embed" // the page
	"flag"
	"fmt"
	"os"
	"path"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
	"github.com/runai-mpi/runai-mpi/test/internal/operatortests"
)

var (
	page   = flag.String("page", "", "Run the tests with the webhook and without, and write what they show to this page.")
	rounds = flag.Int("rounds", 1, "How often to run each test.")
)

// latest is how much later a job may start with the webhook, as a median.
const latest = time.Second

// compare fails if a test of the operator passes without the webhook and not with it, or if jobs start much later.
func compare(t *testing.T, tests []string) {
	t.Helper()
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

// runPair runs a test twice, in either order: other load on the machine must not affect only one side.
func runPair(t *testing.T, name string, withWebhookFirst bool) operatortests.Pair {
	t.Helper()
	first, second := run(t, name, withWebhookFirst), run(t, name, !withWebhookFirst)
	if withWebhookFirst {
		first, second = second, first
	}
	return operatortests.Pair{Name: name, Without: first, With: second}
}

//go:embed page.tmpl
var text string

func write(t *testing.T, pairs []operatortests.Pair) {
	t.Helper()
	source, err := binaries.Source(binaries.OperatorTests)
	if err != nil {
		t.Fatal(err)
	}
	median, started := operatortests.Later(pairs)
	var content bytes.Buffer
	err = template.Must(template.New("page").Parse(text)).Execute(&content, map[string]any{
		"Rounds":   *rounds,
		"Operator": strings.Replace(path.Base(source), "@", " ", 1),
		"Date":     time.Now().UTC().Format(time.DateOnly),
		"Started":  started,
		"Later":    fmt.Sprintf("%.1f", median.Seconds()),
		"Table":    operatortests.Table(pairs),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(*page, content.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
