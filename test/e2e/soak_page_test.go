package e2e

import (
	"bytes"
	_ "embed" // the page
	"flag"
	"fmt"
	"net/http"
	"os"
	"testing"
	"text/template"
	"time"

	"github.com/runai-mpi/runai-mpi/test/docgen"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

var soakPage = flag.String("soak-page", "", "Write the results of the soak to this page.")

//go:embed soak.tmpl
var soakText string

// record writes the page of results, if the flags say where.
func (s *soak) record(t *testing.T, before, after figures) {
	t.Helper()
	if *soakPage == "" {
		return
	}
	var rows [][]string
	for _, f := range s.faults() {
		if f.mayFail == nil {
			rows = append(rows, append(append([]string{f.name}, countsOf(s.Phase(f.name))...), "", "", ""))
			continue
		}
		afterwards := s.Phase(f.name + afterwards)
		rows = append(rows, append(append([]string{f.name}, countsOf(s.Phase(f.name+untilDetected))...),
			longest(s.detected[f.name]), fmt.Sprintf("%d of %d", len(afterwards.Failures()), afterwards.Created()),
			fmt.Sprintf("%d of %d", s.failed[f.name], s.submissions[f.name])))
	}
	var content bytes.Buffer
	err := template.Must(template.New("page").Parse(soakText)).Execute(&content, map[string]any{
		"Failed": t.Failed(), "Date": time.Now().UTC().Format(time.DateOnly),
		"Rate": *submissions, "Stored": min(*submissions, storedPerSecond),
		"Before": before, "After": after,
		"Table": docgen.Table(soakHeader, rows),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(*soakPage, content.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

var soakHeader = []string{
	"while", "for", "created", "failed", "tried again", "noticed after", "failed afterwards", "failed with runai",
}

func countsOf(phase *suite.Phase) []string {
	return []string{
		fmt.Sprintf("%.0f s", phase.Took().Seconds()), fmt.Sprint(phase.Created()), fmt.Sprint(len(phase.Failures())),
		fmt.Sprint(phase.Answers(http.StatusServiceUnavailable)),
	}
}

func longest(all []time.Duration) string {
	most := time.Duration(0)
	for _, one := range all {
		most = max(most, one)
	}
	return fmt.Sprintf("%.1f s", most.Seconds())
}
