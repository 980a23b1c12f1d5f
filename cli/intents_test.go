package main

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"sigs.k8s.io/yaml"

	"github.com/runai-mpi/runai-mpi/cli/submit"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
)

// submitFlags returns the flags of submit-mpi by their names, with those of every command.
func submitFlags() map[string]*kong.Flag {
	flags := map[string]*kong.Flag{}
	for _, group := range newParser(&commands{}).Model.Children[0].AllFlags(false) {
		for _, flag := range group {
			flags[flag.Name] = flag
		}
	}
	return flags
}

// The table of intents has one row for each row of the contract: with a flag that the parser knows, or
// with the reason why there is none.
func TestIntentsAreTheContract(t *testing.T) {
	var want, got []string
	for _, doc := range annotations.Docs() {
		want = append(want, doc.Key)
	}
	flags := submitFlags()
	for _, doc := range submit.IntentDocs() {
		got = append(got, doc.Key)
		if (doc.Flag == "") == (doc.NoFlag == "") {
			t.Errorf("%s: want a flag or the reason why there is none, got %+v", doc.Key, doc)
		}
		if doc.Flag != "" && flags[doc.Flag] == nil {
			t.Errorf("%s: submit-mpi has no --%s", doc.Key, doc.Flag)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the rows of the contract and of the table of intents (-contract +table):\n%s", diff)
	}
}

// Each flag makes its own annotation of every example of the contract, and no other; each
// counterexample is refused in the name of the flag.
func TestFlagsOfIntents(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	flags := submitFlags()
	for _, doc := range submit.IntentDocs() {
		if doc.Flag == "" {
			continue
		}
		kind := flags[doc.Flag].Target.Kind()
		for _, value := range annotations.Examples()[doc.Key] {
			if kind == reflect.Bool && value == "false" {
				continue // as if the flag were not given
			}
			arg, want := typedIntent(doc, value)
			stdout, stderr, code := runai(t, "submit-mpi", "dist1", "--dry-run=client", "-i", "x", arg)
			if code != 0 {
				t.Errorf("%s: exit code %d: %s", arg, code, stderr)
				continue
			}
			if diff := cmp.Diff(meaning(t, want), meaning(t, annotationsOf(t, stdout))); diff != "" {
				t.Errorf("%s (-want +got):\n%s", arg, diff)
			}
		}
		for _, value := range annotations.Counterexamples()[doc.Key] {
			if kind == reflect.Bool || kind == reflect.Pointer || value == "" {
				continue // kong reads booleans; an empty value is a flag that is not given
			}
			arg, _ := typedIntent(doc, value)
			_, stderr, code := runai(t, "submit-mpi", "-i", "x", arg)
			if code != 2 || !strings.HasPrefix(stderr, "runai: --"+doc.Flag) {
				t.Errorf("%s: exit code %d: %s", arg, code, stderr)
			}
		}
	}
}

// typedIntent returns a value of an annotation as it is typed, and the annotations that it makes.
func typedIntent(doc submit.IntentDoc, value string) (arg string, want map[string]string) {
	if doc.Key == annotations.GitSyncSecretKey {
		source := "source=https://git.example.com/code"
		return "--" + doc.Flag + "=" + source + ",secret=" + value, map[string]string{doc.Key: value, annotations.GitSyncKey: source}
	}
	return "--" + doc.Flag + "=" + value, map[string]string{doc.Key: value}
}

func annotationsOf(t *testing.T, manifest string) map[string]string {
	t.Helper()
	job := &v2beta1.MPIJob{}
	if err := yaml.UnmarshalStrict([]byte(manifest), job); err != nil {
		t.Fatal(err)
	}
	return job.Annotations
}

// meaning is what annotations ask for: 1.0 and 1 are the same number of GPUs.
func meaning(t *testing.T, written map[string]string) annotations.Intent {
	t.Helper()
	intent, errs := annotations.Parse(written)
	if len(errs) > 0 {
		t.Fatalf("%v: %v", written, errs)
	}
	return intent
}
