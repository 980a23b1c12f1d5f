// Package docgen writes the reference pages below docs/reference as Markdown. A test next to each type
// calls it and compares the page with [golden.Compare]: "make goldens" writes what has changed.
package docgen

import "strings"

// Head begins a page. The lead says what its reader can do; source is what the page is generated from.
func Head(title, lead, source string) string {
	return "# " + title + "\n\n" + lead + "\n\n*Generated from " + source + " by `make goldens`: do not edit this page.*\n"
}

// Table has a header and rows of cells in Markdown.
func Table(header []string, rows [][]string) string {
	var table strings.Builder
	line := func(cells []string) { table.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	line(header)
	table.WriteString(strings.Repeat("|---", len(header)) + "|\n")
	for _, row := range rows {
		cells := make([]string, 0, len(row))
		for _, cell := range row {
			cells = append(cells, escape(cell))
		}
		line(cells)
	}
	return table.String()
}

// escape keeps a cell in its row, and "<name>" from being taken for HTML, which code never is.
func escape(cell string) string {
	parts := strings.Split(strings.NewReplacer("|", `\|`, "\n", " ").Replace(cell), "`")
	for i := 0; i < len(parts); i += 2 {
		parts[i] = strings.ReplaceAll(parts[i], "<", "&lt;")
	}
	return strings.Join(parts, "`")
}

// Code writes each text as code, and nothing for an empty one.
func Code(texts ...string) string {
	var all []string
	for _, text := range texts {
		if text != "" {
			all = append(all, "`"+text+"`")
		}
	}
	return strings.Join(all, ", ")
}

// Text is Markdown in a raw string, in which a backtick cannot stand: ^ stands for it.
func Text(text string) string { return strings.ReplaceAll(text, "^", "`") }
