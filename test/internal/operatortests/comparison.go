package operatortests

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Run is a test that was run, and what happened to its job.
type Run struct {
	Result
	Times
}

// A Pair is a test that was run without the webhook and with it.
type Pair struct {
	Name          string
	Without, With Run
}

// Broken reports whether the webhook breaks the test.
func (p Pair) Broken() bool { return p.Without.Passed && !p.With.Passed }

// Later returns how much later jobs start with the webhook, in the median of the pairs, and in how many of them
// both jobs started.
func Later(pairs []Pair) (median time.Duration, started int) {
	return later(pairs, func(r Run) time.Duration { return r.Start })
}

// later compares a time of the pairs. 0 is a time that never came.
func later(pairs []Pair, of func(Run) time.Duration) (median time.Duration, compared int) {
	var differences []time.Duration
	for _, p := range pairs {
		if without, with := of(p.Without), of(p.With); without > 0 && with > 0 {
			differences = append(differences, with-without)
		}
	}
	return medianOf(differences), len(differences)
}

// medianOf returns 0 if there are no values.
func medianOf(values []time.Duration) time.Duration {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	middle := len(values) / 2
	if len(values)%2 == 1 {
		return values[middle]
	}
	return (values[middle-1] + values[middle]) / 2
}

// Table returns a row of Markdown for each test, in the order of their first pairs.
func Table(pairs []Pair) string {
	var names []string
	byName := map[string][]Pair{}
	for _, p := range pairs {
		if byName[p.Name] == nil {
			names = append(names, p.Name)
		}
		byName[p.Name] = append(byName[p.Name], p)
	}
	var table strings.Builder
	table.WriteString("| test | passes without | passes with | starts after | later with | ends after | later with |\n" +
		"|---|---|---|---|---|---|---|\n")
	for _, name := range names {
		table.WriteString(row(name, byName[name]))
	}
	return table.String()
}

func row(name string, pairs []Pair) string {
	without, with := 0, 0
	var starts, ends []time.Duration
	for _, p := range pairs {
		if p.Without.Passed {
			without++
		}
		if p.With.Passed {
			with++
		}
		starts, ends = append(starts, p.Without.Start), append(ends, p.Without.End)
	}
	start, started := Later(pairs)
	end, ended := later(pairs, func(r Run) time.Duration { return r.End })
	return fmt.Sprintf("| %s | %d of %d | %d of %d | %s | %s |\n", name, without, len(pairs), with, len(pairs),
		cells(medianOf(starts), start, started), cells(medianOf(ends), end, ended))
}

func cells(without, later time.Duration, compared int) string {
	if compared == 0 {
		return "– | –"
	}
	return fmt.Sprintf("%.1f s | %+.1f s", without.Seconds(), later.Seconds())
}
