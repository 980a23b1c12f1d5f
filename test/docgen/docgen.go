// Package docgen generates the Markdown pages below docs/reference. A test next to each documented type calls
// it and compares the page by [golden.Compare]; "make goldens" updates the pages.
package docgen

import "strings"

// Head returns the beginning of a page. lead says what its readers can do, and source what
// it is generated from.
func Head(title, lead, source string) string {
	return "# " + title + "\n\n" + lead + "\n\n*Generated from " + source + " by `make goldens`: do not edit this page.*\n"
}

// Table returns a Markdown table.
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

// escape escapes what would end the cell, and "<" outside of code, where "<name>" would be an HTML tag.
func escape(cell string) string {
	parts := strings.Split(strings.NewReplacer("|", `\|`, "\n", " ").Replace(cell), "`")
	for i := 0; i < len(parts); i += 2 {
		parts[i] = strings.ReplaceAll(parts[i], "<", "&lt;")
	}
	return strings.Join(parts, "`")
}

// Code returns the texts in backticks, without the empty ones.
func Code(texts ...string) string {
	var all []string
	for _, text := range texts {
		if text != "" {
			all = append(all, "`"+text+"`")
		}
	}
	return strings.Join(all, ", ")
}

// Text returns the Markdown in a raw string, which cannot contain a backtick: ^ stands for it.
func Text(text string) string { return strings.ReplaceAll(text, "^", "`") }
