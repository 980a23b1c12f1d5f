package annotations

import (
	"maps"
	"math/rand/v2"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRoundTrip holds the two directions of the contract together over random intents: what was read
// is written back, under the same keys, as something equal.
func TestRoundTrip(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		given := randomAnnotations(random)
		want, errs := Parse(given)
		if len(errs) > 0 {
			t.Fatalf("Parse(%v): %v", given, errs)
		}
		written := want.Annotations()
		if diff := cmp.Diff(sortedKeys(given), sortedKeys(written)); diff != "" {
			t.Fatalf("%v is written back as %v (-given +written):\n%s", given, written, diff)
		}
		got, errs := Parse(written)
		if len(errs) > 0 {
			t.Fatalf("%v is written back as %v, which is refused: %v", given, written, errs)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%v is written back as %v (-want +got):\n%s", given, written, diff)
		}
	}
}

// randomAnnotations picks an example for about half of the rows, some with other digits, and drops
// annotations that cannot be used together with another.
func randomAnnotations(random *rand.Rand) map[string]string {
	picked := map[string]string{}
	for _, row := range contract {
		if random.IntN(2) == 0 {
			continue
		}
		example := row.examples[random.IntN(len(row.examples))]
		picked[row.key] = example
		if other := otherDigits(random, example); row.read(new(Intent), other) == nil {
			picked[row.key] = other
		}
	}
	for errs := together(picked); len(errs) > 0; errs = together(picked) {
		maps.DeleteFunc(picked, func(key, _ string) bool { return Path(key).String() == errs[0].Field })
	}
	return picked
}

var number = regexp.MustCompile(`[0-9]+`)

// otherDigits replaces some of a text's numbers by others of at most the same length.
func otherDigits(random *rand.Rand, text string) string {
	return number.ReplaceAllStringFunc(text, func(digits string) string {
		if random.IntN(2) == 0 {
			return digits
		}
		other := make([]byte, 1+random.IntN(len(digits)))
		for i := range other {
			other[i] = '0' + byte(random.IntN(10))
		}
		return string(other)
	})
}

func sortedKeys(annotations map[string]string) []string {
	return slices.Sorted(maps.Keys(annotations))
}

// Each row reads its examples into a field of its own, and writes each of them under its own key.
func TestExamples(t *testing.T) {
	rowOfField := map[string]string{}
	for _, row := range contract {
		if len(row.examples) == 0 || len(row.counterexamples) == 0 {
			t.Fatalf("%s has no example or no counterexample", row.key)
		}
		for _, example := range row.examples {
			intent, errs := Parse(withNeeded(row.key, example))
			if len(errs) > 0 {
				t.Errorf("%s: %q is refused: %v", row.key, example, errs)
			}
			if intent.Annotations()[row.key] == "" {
				t.Errorf("%s: %q is not written back", row.key, example)
			}
			var alone Intent
			_ = row.read(&alone, example) // Parse has read it
			if fields := nonZero(alone); len(fields) != 1 || rowOfField[fields[0]] != "" && rowOfField[fields[0]] != row.key {
				t.Errorf("%s: %q sets the fields %v, want one field that no other row sets", row.key, example, fields)
			} else {
				rowOfField[fields[0]] = row.key
			}
		}
		for _, value := range row.nothing {
			if intent, errs := Parse(map[string]string{row.key: value}); len(errs) > 0 || len(nonZero(intent)) > 0 {
				t.Errorf("%s: %q asks for %+v: %v", row.key, value, intent, errs)
			}
		}
	}
	if fields := reflect.TypeFor[Intent]().NumField(); fields != len(rowOfField) {
		t.Errorf("Intent has %d fields, the contract sets %d", fields, len(rowOfField))
	}
}

// withNeeded returns an annotation, together with the one that it requires.
func withNeeded(key, value string) map[string]string {
	switch key {
	case GitSyncSecretKey:
		return map[string]string{key: value, GitSyncKey: goodRepositories[0]}
	case GPUDevicesKey:
		return map[string]string{key: value, GPUKey: "0.5"}
	}
	return map[string]string{key: value}
}

func nonZero(intent Intent) []string {
	var names []string
	value := reflect.ValueOf(intent)
	for i := range value.NumField() {
		if !value.Field(i).IsZero() {
			names = append(names, value.Type().Field(i).Name)
		}
	}
	return names
}

// Each counterexample is refused at its own path, and a credential in it is not repeated.
func TestCounterexamples(t *testing.T) {
	for _, row := range contract {
		for _, value := range row.counterexamples {
			_, errs := Parse(withNeeded(row.key, value))
			if len(errs) != 1 || errs[0].Field != Path(row.key).String() {
				t.Errorf("%s: %q: got %v", row.key, value, errs)
				continue
			}
			for _, secret := range []string{"hunter2", "password=x"} {
				if strings.Contains(errs[0].Error(), secret) {
					t.Errorf("%s: %q shows a credential", row.key, errs[0].Error())
				}
			}
		}
	}
}

func TestAccessorsHaveEveryRow(t *testing.T) {
	if len(Docs()) != len(contract) || len(Examples()) != len(contract) || len(Counterexamples()) != len(contract) {
		t.Errorf("the contract has %d rows, Docs %d, Examples %d, Counterexamples %d", len(contract), len(Docs()), len(Examples()), len(Counterexamples()))
	}
	if got := Examples()[LargeShmKey]; !slices.Contains(got, "8Gi") || !slices.Contains(got, "false") {
		t.Errorf("the examples of %s are %v", LargeShmKey, got)
	}
}
