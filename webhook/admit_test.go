package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runai-mpi/runai-mpi/test/golden"
)

const samples = "../config/samples/"

var versionInStamp = regexp.MustCompile(`(run\.ai/applied-policies: [a-z,-]+)\s+\S+`)

func admitFile(t *testing.T, command admit, text string) (output, report string, err error) {
	t.Helper()
	if command.File == nil {
		command.File = []string{"-"}
	}
	var out, errs bytes.Buffer
	err = command.run(strings.NewReader(text), &out, &errs)
	return out.String(), errs.String(), err
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// The samples show a job before and after, so they must be what the code produces.
func TestSamples(t *testing.T) {
	got, report, err := admitFile(t, admit{Project: samples + "project.yaml", User: "alice@example.com"}, readFile(t, samples+"submitted.yaml"))
	if err != nil {
		t.Fatalf("%s: %s", err, report)
	}
	got = "# submitted.yaml as the cluster stores it, with project.yaml and the default cluster policy.\n" +
		versionInStamp.ReplaceAllString(strings.TrimPrefix(got, "---\n"), "$1 v0.1.0")
	golden.Compare(t, samples+"admitted.yaml", got)
	for _, want := range []string{
		`scheduling: add /metadata/labels {"kai.scheduler/queue":"research"}`,
		`gpu: add /spec/mpiReplicaSpecs/Worker/template/spec/containers/0/resources {"limits":{"nvidia.com/gpu":"1"}}`,
	} {
		if !strings.Contains(report, want+"\n") {
			t.Errorf("the report does not say %s:\n%s", want, report)
		}
	}
}

func TestAdmittedJobIsAdmittedAgain(t *testing.T) {
	once, _, err := admitFile(t, admit{}, readFile(t, samples+"submitted.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	twice, report, err := admitFile(t, admit{}, once)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(once, twice); diff != "" {
		t.Errorf("(-once +twice):\n%s", diff)
	}
	if strings.Contains(report, " add ") || strings.Contains(report, " remove ") {
		t.Errorf("the second time:\n%s", report)
	}
}

func TestUnknownFieldsArePrinted(t *testing.T) {
	job := strings.Replace(readFile(t, samples+"submitted.yaml"), "image: example/train\n            args", "future: {a: 1}\n            image: example/train\n            args", 1)
	output, _, err := admitFile(t, admit{}, job)
	if err != nil || !strings.Contains(output, "future:\n              a: 1\n") {
		t.Errorf("%v\n%s", err, output)
	}
}

func TestAdmitRefuses(t *testing.T) {
	job := readFile(t, samples+"submitted.yaml")
	policy := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(policy, []byte("kind: ClusterPolicy\nsahre: true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	project := filepath.Join(t.TempDir(), "project.yaml")
	text := "apiVersion: policy.run.ai/v1alpha1\nkind: Project\nmetadata: {name: team-a}\nspec: {foo: 1, identity: required, restrictions: {hostIPC: deny}}\n"
	if err := os.WriteFile(project, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name    string
		command admit
		text    string
		want    []string
	}{
		{"another project", admit{Project: samples + "project.yaml"}, strings.Replace(job, "project: team-a", "project: team-b", 1),
			[]string{`metadata.annotations[run.ai/project]: Invalid value: "team-b"`, "dist1 is refused"}},
		{"a field that cannot be decoded", admit{}, strings.Replace(job, "slotsPerWorker: 1", "slotsPerWorker: one", 1),
			[]string{"spec.slotsPerWorker: Invalid value", "dist1 is refused"}},
		{"another kind", admit{}, "apiVersion: batch/v1\nkind: Job\n", []string{"expected an MPIJob of kubeflow.org/v2beta1, got kind Job of batch/v1"}},
		{"another version", admit{}, strings.Replace(job, "v2beta1", "v1", 1), []string{"expected an MPIJob of kubeflow.org/v2beta1, got one of kubeflow.org/v1"}},
		{"nothing", admit{}, " \n", []string{"cannot read the job: standard input is empty"}},
		{"no user", admit{}, strings.Replace(job, "annotations:", "annotations:\n    run.ai/run-as-user: \"true\"", 1),
			[]string{"run.ai/run-as-user needs a user: use --user, with --extra run.ai/uid=… and --extra run.ai/gid=…"}},
		{"bad values of a project", admit{Project: project}, job, []string{
			`unknown key "spec.foo"`, `spec.identity "required" must be Disabled, Optional or Required`, `spec.restrictions.hostIPC "deny" must be Allow or Deny`}},
		{"invalid YAML", admit{}, "a: [", []string{"cannot read the job"}},
		{"a key twice", admit{}, job + "kind: MPIJob\n", []string{"cannot read the job"}},
		{"a bad policy", admit{Policy: policy}, job, []string{`unknown key "sahre"`}},
		{"not a project", admit{Project: samples + "submitted.yaml"}, job, []string{"invalid project ../config/samples/submitted.yaml"}},
		{"the second of two", admit{}, job + "---\n" + strings.Replace(job, "replicas: 2", "replicas: 0", 1), []string{"spec.mpiReplicaSpecs[Worker].replicas", "dist1 is refused"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, report, err := admitFile(t, test.command, test.text)
			if err == nil {
				t.Fatal("admitted")
			}
			for _, want := range test.want {
				if !strings.Contains(report+err.Error(), want) {
					t.Errorf("%s%s\ndoes not say %s", report, err, want)
				}
			}
		})
	}
}

// An administrator can try a user's claims before configuring them.
func TestAdmitAsUser(t *testing.T) {
	job := strings.Replace(readFile(t, samples+"submitted.yaml"), "annotations:", "annotations:\n    run.ai/run-as-user: \"true\"", 1)
	command := admit{User: "saml:alice", Extra: []string{"run.ai/uid=1234567", "run.ai/gid=54000", "run.ai/supplementary-groups=60001", "run.ai/supplementary-groups=60002"}}
	got, report, err := admitFile(t, command, job)
	if err != nil || !strings.Contains(got, "runAsUser: 1234567") || !strings.Contains(got, "- 60002") || !strings.Contains(got, "alice:x:1234567:54000::/home/alice:/bin/sh") {
		t.Errorf("%v: %s%s", err, report, got)
	}
	if _, report, err := admitFile(t, admit{User: "bob"}, job); err == nil || !strings.Contains(report, "the cluster has no UID and GID for bob") {
		t.Errorf("%v: %s", err, report)
	}
	if _, _, err := admitFile(t, admit{Extra: []string{"run.ai/uid"}}, job); err == nil || err.Error() != `invalid --extra "run.ai/uid": expected KEY=VALUE, for example run.ai/uid=1234567` {
		t.Errorf("got %v", err)
	}
}

// Each file is judged, also after one that is refused or cannot be read.
func TestAdmitSeveralFiles(t *testing.T) {
	dir := t.TempDir()
	good, bad, absent := filepath.Join(dir, "good.yaml"), filepath.Join(dir, "bad.yaml"), filepath.Join(dir, "absent.yaml")
	job := readFile(t, samples+"submitted.yaml")
	for path, text := range map[string]string{good: job, bad: strings.Replace(job, "replicas: 2", "replicas: 0", 1)} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		files []string
		want  string
	}{
		{[]string{good, good}, ""},
		{[]string{bad, good}, bad + ": dist1 is refused"},
		{[]string{good, bad}, bad + ": dist1 is refused"},
		{[]string{absent, bad, good, "-"}, absent + ": cannot read the job: open " + absent + ": no such file or directory\n" +
			bad + ": dist1 is refused\nstandard input: cannot read the job: standard input is empty"},
	} {
		output, report, err := admitFile(t, admit{File: test.files}, "")
		if got := fmt.Sprint(err); got != test.want && (err != nil || test.want != "") {
			t.Errorf("%v: got %s, want %s", test.files, got, test.want)
		}
		if want := strings.Count(strings.Join(test.files, " "), good); strings.Count(output, "kind: MPIJob") != want {
			t.Errorf("%v: want %d jobs, got %s", test.files, want, output)
		}
		for _, file := range test.files {
			if !strings.Contains("\n"+report, "\n"+nameOf(file)+":\n") {
				t.Errorf("%v: the report does not name %s:\n%s", test.files, file, report)
			}
		}
	}
}
