package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"sigs.k8s.io/yaml"

	"github.com/runai-mpi/runai-mpi/cli/submit"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// FuzzCommandLine runs any arguments, one in each line: they are refused with a message, or make a job that
// the operator and the contract accept.
func FuzzCommandLine(f *testing.F) {
	f.Add("--name\ndist1\n--processes=2\n-g\n0.5\n--large-shm=8Gi\n-e\nA=b=c\n--\nmpirun\ntrain")
	f.Add("--memory\n1G\n--memory-limit\n8Gi\n--cpu=0.5\n-t\n--stdin\n--interactive\n--backoff-limit=3")
	f.Add("-e\nA=\x7f\u0085\xff")
	for _, doc := range submit.IntentDocs() {
		for _, value := range append(annotations.Examples()[doc.Key], annotations.Counterexamples()[doc.Key]...) {
			if args, _ := typedIntent(doc, value); doc.Flag != "" {
				f.Add(strings.Join(args, "\n"))
			}
		}
	}
	f.Fuzz(func(t *testing.T, words string) {
		if strings.Contains(words, "help") || strings.Contains(words, "-h") || strings.Contains(words, "version") ||
			strings.Contains(words, "dry-run") || strings.Contains(words, "-o") {
			return // these end the program, connect to a cluster, or print something else
		}
		var stdout, stderr bytes.Buffer
		args := append([]string{"submit-mpi", "--dry-run=client", "-i", "x"}, strings.Split(words, "\n")...)
		if code := run(t.Context(), args, strings.NewReader(""), &stdout, &stderr); code != 0 {
			if code != 2 || stderr.Len() == 0 || stdout.Len() > 0 {
				t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout.String(), stderr.String())
			}
			return
		}
		job := &v2beta1.MPIJob{}
		if err := yaml.UnmarshalStrict(stdout.Bytes(), job); err != nil {
			t.Fatal(err)
		}
		if errs := mpijob.Validate(job); len(errs) > 0 {
			t.Errorf("the operator would refuse the job: %s", errs.ToAggregate())
		}
		if _, errs := annotations.Parse(job.Annotations); len(errs) > 0 {
			t.Errorf("the webhook would refuse the job: %s", errs.ToAggregate())
		}
	})
}
