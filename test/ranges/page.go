package ranges

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/runai-mpi/runai-mpi/test/docgen"
)

// text returns a figure with its unit.
func (r Range) text(figure float64) string {
	return strings.TrimSpace(strconv.FormatFloat(figure, 'f', -1, 64) + " " + r.Unit)
}

// bounds returns, for example, "0.5 to 0.8", or "1" if nothing else will do.
func (r Range) bounds() string {
	if r.Low == r.High {
		return r.text(r.High)
	}
	return strconv.FormatFloat(r.Low, 'f', -1, 64) + " to " + r.text(r.High)
}

// figuresTable returns a table of all ranges for each group.
func figuresTable(all []Range, figures map[string]float64) string {
	var page strings.Builder
	for i, r := range all {
		if i == 0 || all[i-1].Group != r.Group {
			fmt.Fprintf(&page, "\n### %s\n\n%s", r.Group, docgen.Table(figuresHeader, rowsOf(all, figures, r.Group)))
		}
	}
	return page.String() + "\n"
}

var figuresHeader = []string{"figure", "what", "last", "range", "target", "measured"}

func rowsOf(all []Range, figures map[string]float64, group string) (rows [][]string) {
	for _, r := range all {
		if r.Group != group {
			continue
		}
		last, target := "not recorded", ""
		if figure, ok := figures[r.Name]; ok {
			last = r.text(figure)
		}
		if r.Target != nil {
			target = "at most " + r.text(*r.Target)
			if figures[r.Name] > *r.Target {
				target += ": missed"
			}
		}
		rows = append(rows, []string{docgen.Code(r.Name), r.What, last, r.bounds(), target, r.How})
	}
	return rows
}

var latencyHeader = []string{
	"what acts on the jobs", "calls", "p50 in ms", "p99 in ms",
	"CPU of the API server, in ms", "adds, in ms", "of the constant patch",
}

// latencyTable returns a table of the contenders.
func latencyTable(result Latency) string {
	var rows [][]string
	for _, c := range result.Contenders {
		rows = append(rows, []string{
			c.What, strconv.Itoa(c.Calls), number(c.P50), number(c.P99), number(c.APIServer), number(c.Adds), number(c.ToConstant),
		})
	}
	return fmt.Sprintf("\nLast run: %s, %d creations with each, on %s.\n\n", result.Date, result.Creations, result.Machine) +
		docgen.Table(latencyHeader, rows) + "\n"
}

// partsTable returns a table of what makes up that which the webhook adds.
func partsTable(result Latency) string {
	adds := map[string]float64{}
	for _, c := range result.Contenders {
		adds[c.Name] = c.Adds
	}
	parts := []struct {
		what   string
		millis float64
	}{
		{"two calls with a small patch: the constant patch, and a webhook that allows everything", adds[Constant] + adds[AllowsAll]},
		{"the larger patch: the webhook's own as a constant, less the line above", adds[Copied] - adds[Constant] - adds[AllowsAll]},
		{"a new connection for each call", adds[CopiedClosing] - adds[Copied]},
		{"both reviews", adds[Webhook] - adds[CopiedClosing]},
	}
	var rows [][]string
	for _, part := range parts {
		rows = append(rows, []string{part.what, number(part.millis), fmt.Sprintf("%.0f %%", 100*part.millis/adds[Webhook])})
	}
	return "\n" + docgen.Table([]string{"part of what the webhook adds", "ms", "share"}, rows) + "\n"
}

func number(figure float64) string { return strconv.FormatFloat(figure, 'f', 2, 64) }

// replaced returns a page with another text between two comments.
func replaced(page, name, text string) (string, error) {
	between := regexp.MustCompile(`(?s)(<!-- ` + name + ` -->\n).*?(<!-- /` + name + ` -->)`)
	if !between.MatchString(page) {
		return "", fmt.Errorf("the page has no place for %s", name)
	}
	return between.ReplaceAllString(page, "${1}"+strings.ReplaceAll(text, "$", "$$")+"${2}"), nil
}
