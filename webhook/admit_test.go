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
	"sigs.k8s.io/yaml"

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

// The output is what the cluster stores: kubectl refuses an unknown field, and other clients lose it.
func TestUnknownFieldsAreNotPrinted(t *testing.T) {
	job := strings.Replace(readFile(t, samples+"submitted.yaml"), "image: example/train\n            args", "future: {a: 1}\n            image: example/train\n            args", 1)
	output, report, err := admitFile(t, admit{}, job)
	if err != nil || strings.Contains(output, "future") || !strings.Contains(report, "Warning: spec.mpiReplicaSpecs[Launcher].template.spec.containers[0].future: the CRD of MPI Operator ") {
		t.Errorf("%v\n%s\n%s", err, output, report)
	}
}

const others = `# the account of the job
apiVersion: v1
kind: ServiceAccount
metadata: {name: train} # as it is
---
# comments only
---
apiVersion: resource.nvidia.com/v1beta1
kind: ComputeDomain
metadata: {name: domain}
spec: {numNodes: 2, numNodes: 2}
`

// Other kinds stay where they are, with their comments.
func TestOtherKindsPassThrough(t *testing.T) {
	job := readFile(t, samples+"submitted.yaml")
	output, report, err := admitFile(t, admit{}, others+"---\n"+job+"---\n"+`{"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "`+"\u202e"+`"}}`)
	if err != nil {
		t.Fatalf("%v: %s", err, report)
	}
	before, rest, found := strings.Cut(output, "kind: MPIJob")
	if want := "---\n" + strings.Replace(others, "---\n# comments only\n", "", 1) + "---\napiVersion: kubeflow.org/v2beta1\n"; before != want || !found {
		t.Errorf("got %s, want %s", before, want)
	}
	if !strings.HasSuffix(rest, "---\napiVersion: v1\ndata:\n  a: \"\\u202e\"\nkind: ConfigMap\n") {
		t.Errorf("got %s", rest)
	}
	again, report, err := admitFile(t, admit{}, output)
	if diff := cmp.Diff(output, again); err != nil || diff != "" {
		t.Errorf("the second time: %v %s %s", err, report, diff)
	}
}

func TestWithoutJobs(t *testing.T) {
	output, report, err := admitFile(t, admit{}, others)
	if err != nil || report != "Warning: there is no MPIJob to admit\n" || !strings.Contains(output, "kind: ComputeDomain") {
		t.Errorf("%v %s %s", err, report, output)
	}
}

// The jobs in a list are judged, too, and the other items stay.
func TestAdmitLists(t *testing.T) {
	raw, err := yaml.YAMLToJSON([]byte(readFile(t, samples+"submitted.yaml")))
	if err != nil {
		t.Fatal(err)
	}
	good, account := string(raw), `{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"train"}}`
	bad := strings.Replace(good, `"replicas":2`, `"replicas":0`, 1)
	for _, test := range []struct {
		name, list, want string
		jobs             int
	}{
		{"one job", `{"apiVersion":"v1","kind":"List","items":[` + account + "," + good + "]}", "", 1},
		{"a refused job", `{"apiVersion":"v1","kind":"List","items":[` + bad + "," + account + "," + good + "]}", "dist1 is refused", 1},
		{"jobs", `{"apiVersion":"kubeflow.org/v2beta1","kind":"MPIJobList","items":[` + good + "," + good + "]}", "", 2},
		{"objects of JSON", account + good + "\n" + good, "", 2},
		{"a list of another thing", `{"apiVersion":"v1","kind":"List","items":{}}`, "items must be a list of objects", 0},
		{"a list with another item", `{"apiVersion":"v1","kind":"List","items":[1]}`, "this object does not have both apiVersion and kind", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			output, report, err := admitFile(t, admit{}, test.list)
			if got := fmt.Sprint(err); !strings.Contains(got, test.want) || err != nil && test.want == "" {
				t.Errorf("%v: %s", err, report)
			}
			if got := strings.Count(output, "run.ai/applied-policies: "); got != test.jobs {
				t.Errorf("%d admitted jobs, want %d: %s", got, test.jobs, output)
			}
			if strings.Contains(test.list, "ServiceAccount") != strings.Contains(output, "ServiceAccount") {
				t.Errorf("got %s", output)
			}
		})
	}
}

// Like kubectl, it reads the manifests in a directory, but not those in the directories below it.
func TestAdmitDirectory(t *testing.T) {
	dir := t.TempDir()
	job := readFile(t, samples+"submitted.yaml")
	raw, err := yaml.YAMLToJSON([]byte(job))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"a.yaml": job, "b.yml": others, "c.json": string(raw), "d.yaml": "", "e.txt": "not a manifest", "below/f.yaml": "not a manifest", "g.yaml/h.yaml": "not a manifest",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	output, report, err := admitFile(t, admit{File: []string{dir}}, "")
	if err != nil {
		t.Fatalf("%v: %s", err, report)
	}
	var kinds []string
	for line := range strings.Lines(output) {
		if kind, found := strings.CutPrefix(line, "kind: "); found {
			kinds = append(kinds, strings.TrimSpace(kind))
		}
	}
	if got := strings.Join(kinds, " "); got != "MPIJob ServiceAccount ComputeDomain MPIJob" {
		t.Errorf("got %s", got)
	}
	if _, _, err := admitFile(t, admit{File: []string{filepath.Join(dir, "below"), t.TempDir()}}, ""); err == nil ||
		!strings.Contains(err.Error(), " has no .yaml, .yml or .json file") || !strings.Contains(err.Error(), "f.yaml: this object does not have both apiVersion and kind") {
		t.Errorf("got %v", err)
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
		{"no kind", admit{}, "a: 1\n", []string{"this object does not have both apiVersion and kind"}},
		{"no object", admit{}, "- 1\n", []string{"this object does not have both apiVersion and kind"}},
		{"a misspelt kind", admit{}, strings.Replace(job, "kind: MPIJob", "kind: MpiJob", 1), []string{"expected MPIJob of kubeflow.org/v2beta1, got MpiJob of kubeflow.org/v2beta1"}},
		{"a plural", admit{}, strings.Replace(job, "kind: MPIJob", "kind: MPIJobs", 1), []string{"expected MPIJob of kubeflow.org/v2beta1, got MPIJobs of"}},
		{"a misspelt role", admit{}, strings.Replace(job, " Worker:", " Workr:", 1), []string{`spec.mpiReplicaSpecs[Workr]: Invalid value: "Workr": unknown role: use Worker`}},
		{"another version", admit{}, strings.Replace(job, "v2beta1", "v1", 1), []string{"expected MPIJob of kubeflow.org/v2beta1, got MPIJob of kubeflow.org/v1"}},
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
			if !strings.Contains("\n"+report, "\n"+(manifestFile{path: file}).String()+":\n") {
				t.Errorf("%v: the report does not name %s:\n%s", test.files, file, report)
			}
		}
	}
}

// What was printed for any file can be read back, and is printed as it is.
func FuzzAdmit(f *testing.F) {
	job, err := os.ReadFile(samples + "submitted.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, text := range []string{string(job), others, others + "---\n" + string(job), `{"apiVersion":"v1","kind":"List","items":[]}{"apiVersion":"v1","kind":"A"}`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		once, _, _ := admitFile(t, admit{}, text) // what is refused is not printed
		if once == "" {
			return
		}
		twice, report, err := admitFile(t, admit{}, once)
		if err != nil || once != twice {
			t.Errorf("%q\nthe first time: %q\nthe second time: %q\n%v\n%s", text, once, twice, err, report)
		}
	})
}
