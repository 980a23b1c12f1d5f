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

// submitFlags returns the flags of submit-mpi by name, including the global ones.
func submitFlags() map[string]*kong.Flag {
	flags := map[string]*kong.Flag{}
	for _, group := range newParser(&withOtherNames{}).Model.Children[0].AllFlags(false) {
		for _, flag := range group {
			flags[flag.Name] = flag
		}
	}
	return flags
}

// The table of intents has one row for each annotation of the contract. The row has a flag of submit-mpi, or
// the reason why there is none.
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
		t.Errorf("annotations (-contract +table of intents):\n%s", diff)
	}
}

// Each flag makes its annotation, and no other, from every example of the contract. An error for a
// counterexample names the flag.
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
				continue // as if the flag were not set
			}
			args, want := typedIntent(doc, value)
			stdout, stderr, code := runai(t, append([]string{"submit-mpi", "dist1", "--dry-run=client", "-i", "x"}, args...)...)
			if code != 0 {
				t.Errorf("%s: exit code %d: %s", args, code, stderr)
				continue
			}
			if diff := cmp.Diff(meaning(t, want), meaning(t, annotationsOf(t, stdout))); diff != "" {
				t.Errorf("%s (-want +got):\n%s", args, diff)
			}
		}
		for _, value := range annotations.Counterexamples()[doc.Key] {
			if kind == reflect.Bool || kind == reflect.Pointer || value == "" {
				continue // the parser reads booleans, and an empty value is a flag that is not set
			}
			args, _ := typedIntent(doc, value)
			_, stderr, code := runai(t, append([]string{"submit-mpi", "-i", "x"}, args...)...)
			if code != 2 || !strings.Contains(stderr, "--"+doc.Flag) {
				t.Errorf("%s: exit code %d: %s", args, code, stderr)
			}
		}
	}
}

// typedIntent returns the arguments for a value of an annotation, and the annotations that it makes.
func typedIntent(doc submit.IntentDoc, value string) (args []string, want map[string]string) {
	if doc.Key == annotations.GitSyncSecretKey {
		source := "source=https://git.example.com/code"
		return []string{"--" + doc.Flag + "=" + source + ",secret=" + value}, map[string]string{doc.Key: value, annotations.GitSyncKey: source}
	}
	want = map[string]string{doc.Key: value}
	if doc.Key == annotations.GPUDevicesKey {
		want[annotations.GPUKey] = "0.5"
		return []string{"--" + doc.Flag + "=" + value, "--gpu=0.5"}, want
	}
	return []string{"--" + doc.Flag + "=" + value}, want
}

func annotationsOf(t *testing.T, manifest string) map[string]string {
	t.Helper()
	job := &v2beta1.MPIJob{}
	if err := yaml.UnmarshalStrict([]byte(manifest), job); err != nil {
		t.Fatal(err)
	}
	return job.Annotations
}

// meaning returns the intent of annotations: 1.0 and 1 are the same number of GPUs.
func meaning(t *testing.T, written map[string]string) annotations.Intent {
	t.Helper()
	intent, errs := annotations.Parse(written)
	if len(errs) > 0 {
		t.Fatalf("%v: %v", written, errs)
	}
	return intent
}
