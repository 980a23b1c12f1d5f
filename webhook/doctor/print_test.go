package doctor

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/runai-mpi/runai-mpi/shared/terminal"
)

// A table with thousands of findings stays readable, and counts all of them.
func TestTableIsBounded(t *testing.T) {
	var report Report
	for i := range 1000 {
		report.Findings = append(report.Findings, Finding{Check: "a", Subject: fmt.Sprintf("subject-%d", i), Means: "b", Fix: "c"})
	}
	report.Findings = append(report.Findings, Finding{Check: "b", Subject: "another\x1b[31m", Means: strings.Repeat("word ", 50), Fix: "c"})
	var table strings.Builder
	report.WriteTable(&table)
	for _, part := range []string{"a: subject-19\n", "\na: 980 more findings: use -o json\n", `b: another\x1b[31m`, "\n1001 findings; "} {
		if !strings.Contains(table.String(), part) {
			t.Errorf("%q is missing in\n%s", part, table.String())
		}
	}
	for line := range strings.Lines(table.String()) {
		if len(line) > 101 || strings.Contains(line, "subject-20\n") {
			t.Errorf("got %q", line)
		}
	}
}

// A name of somebody in a binding can have characters that JSON does not escape, and that a terminal obeys.
func TestJSONIsSafeForTerminals(t *testing.T) {
	report := Report{Findings: []Finding{{Check: "a", Subject: "\u009b2J\u202e\x7f\U000e0041", Fix: "<b>"}}}
	var text strings.Builder
	if err := report.WriteJSON(&text); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsFunc(strings.ReplaceAll(text.String(), "\n", ""), terminal.IsHidden) || !strings.Contains(text.String(), "<b>") {
		t.Errorf("got %q", text.String())
	}
	var read Report
	if err := json.Unmarshal([]byte(text.String()), &read); err != nil || read.Findings[0].Subject != report.Findings[0].Subject {
		t.Errorf("got %q (%v), want %q", read.Findings, err, report.Findings)
	}
}
