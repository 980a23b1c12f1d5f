package doctor

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/runai-mpi/runai-mpi/shared/manifest"
	"github.com/runai-mpi/runai-mpi/shared/terminal"
)

// width is that of the text. Commands are not wrapped, so that they can be pasted.
const width = 100

// mostOfCheck is how many findings of a check the table has.
const mostOfCheck = 20

// WriteJSON writes the report as docs/doctor.md describes it.
func (r Report) WriteJSON(out io.Writer) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(r); err != nil {
		return err
	}
	_, err := out.Write(manifest.EscapeJSON(text.Bytes()))
	return err
}

// WriteTable writes the report for people.
func (r Report) WriteTable(out io.Writer) {
	line := func(text string) { fmt.Fprintln(out, terminal.Line(text)) }
	line("Cluster policy: " + r.ClusterPolicy)
	line("Backstop: " + r.Backstop)
	shown := map[string]int{}
	for i, finding := range r.Findings {
		if shown[finding.Check]++; shown[finding.Check] > mostOfCheck {
			if last := i+1 == len(r.Findings) || r.Findings[i+1].Check != finding.Check; last {
				fmt.Fprintln(out)
				line(fmt.Sprintf("%s: %d more findings: use -o json", finding.Check, shown[finding.Check]-mostOfCheck))
			}
			continue
		}
		fmt.Fprintln(out)
		line(finding.Check + ": " + finding.Subject)
		for _, text := range wrap(finding.Means, width-2) {
			line("  " + text)
		}
		line("  fix: " + finding.Fix)
	}
	for _, skipped := range byReason(r.NotChecked) {
		fmt.Fprintln(out)
		for i, text := range wrap("not checked: "+skipped.Reason, width-2) {
			line(strings.Repeat("  ", min(i, 1)) + text)
		}
		for _, text := range wrap(skipped.Check, width-2) {
			line("  " + text)
		}
	}
	fmt.Fprintln(out)
	line(r.Summary())
}

// byReason joins the checks that were not done for the same reason.
func byReason(all []NotChecked) []NotChecked {
	var joined []NotChecked
	for _, each := range all {
		i := slices.IndexFunc(joined, func(other NotChecked) bool { return other.Reason == each.Reason })
		if i < 0 {
			joined = append(joined, each)
			continue
		}
		joined[i].Check += ", " + each.Check
	}
	return joined
}

// Summary says in one line what was found and what was not checked.
func (r Report) Summary() string {
	text := fmt.Sprintf("%d findings", len(r.Findings))
	switch len(r.Findings) {
	case 0:
		text = "no findings"
	case 1:
		text = "1 finding"
	}
	if count := len(r.NotChecked); count > 0 {
		return fmt.Sprintf("%s; %d of %d checks could not be done", text, count, len(checks()))
	}
	return fmt.Sprintf("%s; all %d checks were done", text, len(checks()))
}

// wrap breaks text into lines that are at most as long as the width, if no word is longer.
func wrap(text string, width int) []string {
	var lines []string
	current := ""
	for _, word := range strings.Fields(text) {
		if current != "" && len(current)+1+len(word) > width {
			lines, current = append(lines, current), ""
		}
		if current != "" {
			current += " "
		}
		current += word
	}
	return append(lines, current)
}
