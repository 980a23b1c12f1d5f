// Package rules finds the lines of code that are marked as a rule, because they keep users from
// running as somebody else, and the test that fails without each. "make prove" removes one rule at a
// time and runs its test.
package rules

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A Rule is a line of code with a mark in the comment above it:
//
//	rule NUMBER in PACKAGE TEST: ATTEMPT
//	without: LINE
//
// The second line may be missing: the rule's line is then dropped, or its condition made false.
type Rule struct {
	// Number is the number of the attempt in the threat model, or "-" if it has none.
	Number string
	// Package is the folder of the test, and Test is its name.
	Package, Test string
	// Attempt says what an attacker tries.
	Attempt string
	// File and Line say where the rule is. Lines count from 1.
	File string
	Line int
	// Code is the text of the line.
	Code string
	// Without replaces the line when the rule is removed.
	Without string
}

// marked lists the folders that can have rules.
var marked = []string{"cli", "webhook", "shared", "config", "charts"}

var (
	mark        = regexp.MustCompile(`^\s*(?://|#|\{\{- /\*) rule (\S+) in (\S+) (\S+): (.*?)(?: \*/\}\})?$`)
	replacement = regexp.MustCompile(`^\s*(?://|#|\{\{- /\*) without: (.*?)(?: \*/\}\})?$`)
)

// Find returns the rules in a repository, sorted by number.
func Find(root string) ([]Rule, error) {
	var all []Rule
	for _, dir := range marked {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			file, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			found, err := read(file, string(text))
			all = append(all, found...)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(all, func(a, b Rule) int { return strings.Compare(a.Number, b.Number) })
	return all, nil
}

func read(file, text string) ([]Rule, error) {
	var rules []Rule
	lines := strings.Split(text, "\n")
	for i := range lines {
		parts := mark.FindStringSubmatch(lines[i])
		if parts == nil {
			continue
		}
		at := i + 1
		for at < len(lines) && (mark.MatchString(lines[at]) || replacement.MatchString(lines[at])) { // a line can have several marks
			at++
		}
		if at == len(lines) {
			return nil, fmt.Errorf("%s:%d: no line follows the mark", file, i+1)
		}
		rule := Rule{Number: parts[1], Package: parts[2], Test: parts[3], Attempt: parts[4], File: file, Line: at + 1, Code: lines[at]}
		if explicit := replacement.FindStringSubmatch(lines[i+1]); explicit != nil {
			rule.Without = explicit[1]
		} else {
			rule.Without = without(rule.Code)
		}
		rules = append(rules, rule)
	}
	return rules, nil
}

var condition = regexp.MustCompile(`^(\s*)(if (?:.*; )?|case )(.*?)( \{|:)$`)

// without returns the line that disables code: a condition becomes false, and any other line is removed.
func without(code string) string {
	if parts := condition.FindStringSubmatch(code); parts != nil {
		return parts[1] + parts[2] + "false && (" + parts[3] + ")" + parts[4]
	}
	return ""
}

// TakeOut returns the text of the rule's file without the rule.
func (r Rule) TakeOut(text string) string {
	lines := strings.Split(text, "\n")
	lines[r.Line-1] = r.Without
	if indent := r.Code[:len(r.Code)-len(strings.TrimLeft(r.Code, " \t"))]; !strings.HasPrefix(r.Without, indent) {
		lines[r.Line-1] = indent + r.Without // indentation matters in YAML
	}
	return strings.Join(lines, "\n")
}

// Table returns the rules as a Markdown table for the documentation.
func Table(rules []Rule) string {
	var text strings.Builder
	text.WriteString("| number | what somebody tries | the rule | the test that fails without it |\n|---|---|---|---|\n")
	for _, rule := range rules {
		code := strings.ReplaceAll(strings.TrimSpace(rule.Code), "|", `\|`)
		fmt.Fprintf(&text, "| %s | %s | `%s`: `%s` | `%s` `%s` |\n", rule.Number, rule.Attempt, rule.File, code, rule.Package, rule.Test)
	}
	return text.String()
}
