package server

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

func TestRefusalsAreBounded(t *testing.T) {
	long := strings.Repeat("ä", 100_000)
	one := field.Invalid(field.NewPath("metadata", "annotations").Key(long), long, long)
	for n := range 53 {
		errs := make(field.ErrorList, n)
		for i := range errs {
			errs[i] = one
		}
		status := refuse(Invalid(long, errs)).Result
		last, want := "", ""
		if n > mostCauses {
			last, want = status.Details.Causes[mostCauses].Message, fmt.Sprintf("and %d more", n-mostCauses)
		}
		if causes := len(status.Details.Causes); causes != min(n, mostCauses+1) || last != want {
			t.Errorf("%d errors: %d causes, the last is %q", n, causes, last)
		}
		if !utf8.ValidString(status.Message) || !strings.HasSuffix(status.Message, want) || len(status.Message) > 256<<10 || len(status.Details.Name) > longestName {
			t.Errorf("%d errors: %d bytes, a name of %d", n, len(status.Message), len(status.Details.Name))
		}
	}
	if message := refuse(unavailable("namespace %s", strings.Repeat("<", 1<<20))).Result.Message; len(message) != longestMessage {
		t.Errorf("a message has %d bytes", len(message))
	}
	if len(one.Detail) != len(long) {
		t.Error("the error itself has changed")
	}
	short := field.ErrorList{field.Invalid(field.NewPath("spec"), "a", "must be b")}
	if got := Invalid("job", short).Error(); got != `MPIJob.kubeflow.org "job" is invalid: spec: Invalid value: "a": must be b` {
		t.Errorf("got %s", got)
	}
}

func TestWarningsAreBounded(t *testing.T) {
	warnings := make([]string, 60)
	for i := range warnings {
		warnings[i] = strings.Repeat("x", 10_000)
	}
	shown := few(warnings)
	if len(shown) != mostWarnings+1 || shown[mostWarnings] != "and 10 more warnings" || len(shown[0]) != longestDetail {
		t.Errorf("%d warnings, the last is %q", len(shown), shown[len(shown)-1])
	}
	if shown := few([]string{"a", "b"}); len(shown) != 2 || shown[0] != "a" {
		t.Errorf("got %q", shown)
	}
}
