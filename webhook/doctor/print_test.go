package doctor

import (
	"fmt"
	"strings"
	"testing"
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
