package annotations

import "slices"

// A Doc describes one annotation for people.
type Doc struct{ Key, Value, Example, Meaning string }

// Docs describes every intent, in the contract's order.
func Docs() []Doc {
	docs := make([]Doc, 0, len(contract))
	for _, row := range contract {
		docs = append(docs, Doc{Key: row.key, Value: row.value, Example: row.examples[0], Meaning: row.meaning})
	}
	return docs
}

// Examples returns values that [Parse] accepts, by the key of their annotation, for tests and fuzzers.
func Examples() map[string][]string {
	return valuesByKey(func(r row) []string { return slices.Concat(r.examples, r.nothing) })
}

// Counterexamples returns values that [Parse] refuses, by the key of their annotation.
func Counterexamples() map[string][]string {
	return valuesByKey(func(r row) []string { return slices.Clone(r.counterexamples) })
}

func valuesByKey(of func(row) []string) map[string][]string {
	values := make(map[string][]string, len(contract))
	for _, row := range contract {
		values[row.key] = of(row)
	}
	return values
}
